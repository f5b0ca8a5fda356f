//! By which rules rows are looked at when they are read, and judged when they are kept.

use hobbs_interaction::{ContentPolicy, FingerprintKey, Ingest};
use hobbs_lake::Derivation;
use hobbs_verdict::Rules;
use jiff::tz::TimeZone;

/// Rules, and the tenant's time zone.
#[derive(Clone)]
pub struct Judgment {
    /// Built-in rules and the user's own.
    pub rules: Rules,
    /// In whose days and hours exchanges are counted.
    pub zone: TimeZone,
}

impl Default for Judgment {
    fn default() -> Self {
        Judgment {
            rules: Rules::built_in(),
            zone: TimeZone::UTC,
        }
    }
}

impl Judgment {
    /// What makes rows of items, with a lake's key.
    pub fn ingest(&self, tenant_id: &str, content: ContentPolicy, key: &FingerprintKey) -> Ingest {
        Ingest::new(tenant_id, content, key.clone(), self.rules.signs())
    }

    /// What makes exchanges of rows, with a lake's key.
    pub fn derivation(&self, key: &FingerprintKey) -> Derivation {
        Derivation {
            rules: self.rules.compile(key),
            zone: self.zone.clone(),
        }
    }
}
