//! hobbs.toml as it is written. It stands apart from what comes of it (`settings`), and names no crate of
//! ours: its fuzzer includes this file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

/// The file's name.
pub const FILE_NAME: &str = "hobbs.toml";

/// hobbs.toml. Unknown names are refused: a misspelled one would be silently without effect.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    /// The tenant to use where none is named.
    pub default_tenant: Option<String>,
    /// Where the lake is; a path is relative to this file.
    pub lake: Option<String>,
    /// none, excerpt or full.
    pub content: Option<String>,
    /// How far back each sync reads again, in hours.
    pub overlap_hours: Option<u32>,
    /// The time zone in whose days and hours use is counted, as IANA names it ("Europe/Berlin");
    /// UTC where missing.
    pub time_zone: Option<String>,
    /// By which rules exchanges are judged.
    #[serde(default)]
    pub rules: RulesSection,
    /// Options of the object store, for lakes that are not folders.
    #[serde(default, deserialize_with = "secrets")]
    pub store: BTreeMap<String, SecretString>,
    /// The pace.
    #[serde(default)]
    pub limits: LimitsSection,
    /// Who is asked, and how often.
    #[serde(default)]
    pub sync: SyncSection,
    /// Which of the people.
    #[serde(default)]
    pub scope: ScopeSection,
    /// Microsoft's usage reports.
    #[serde(default)]
    pub usage_reports: UsageReportsSection,
    /// What licenses cost, and who is not called idle.
    #[serde(default)]
    pub licenses: LicensesSection,
    /// The tenants by name.
    #[serde(default)]
    pub tenants: BTreeMap<String, TenantSection>,
}

impl ConfigFile {
    /// Reads the text of the file called `name`.
    ///
    /// # Errors
    /// The text is no TOML, or has a name or a value that hobbs does not know.
    pub fn parse(name: &str, text: &str) -> Result<Self, Unreadable> {
        toml::from_str(text).map_err(|error: toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map(|before| before.split('\n').count());
            Unreadable {
                place: match line {
                    Some(line) => format!("{name}, line {line}"),
                    None => name.to_owned(),
                },
                what: error.message().replace(char::is_control, " "),
            }
        })
    }
}

/// A configuration that can't be read. The line itself is not shown: people put secrets where they
/// don't belong.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {what}")]
pub struct Unreadable {
    place: String,
    what: String,
}

/// Texts of which any may be a secret. (secrecy's own feature for this would build the engine again.)
fn secrets<'de, D>(input: D) -> Result<BTreeMap<String, SecretString>, D::Error>
where
    D: Deserializer<'de>,
{
    let texts = BTreeMap::<String, String>::deserialize(input)?;
    let secrets = texts.into_iter();
    Ok(secrets
        .map(|(name, value)| (name, SecretString::from(value)))
        .collect())
}

/// `[limits]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsSection {
    /// Requests in any one second.
    pub burst_per_second: Option<f64>,
    /// Requests a second over a longer time.
    pub sustained_per_second: Option<f64>,
    /// Requests in flight at once.
    pub in_flight_max: Option<usize>,
    /// The longest wait that Graph may ask for before the run ends as partial, in seconds.
    pub patience_s: Option<u64>,
    /// How long one request may take, in seconds.
    pub request_timeout_s: Option<u64>,
}

/// `[sync]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyncSection {
    /// Who is asked at each sync: everyone, as few as the usage report allows, or auto.
    pub ask: Option<AskWhom>,
    /// Everyone is asked within so many days, whatever the usage report says.
    pub max_staleness_days: Option<u32>,
}

/// Who is asked at each sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AskWhom {
    /// All of a small tenant, as few as the usage report allows of one with 10,000 users and more.
    Auto,
    /// Everyone.
    Everyone,
    /// As few as the usage report allows.
    Few,
}

/// `[scope]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeSection {
    /// Members of any of these groups, by name or object id.
    #[serde(default)]
    pub groups: Vec<String>,
    /// People of any of these departments.
    #[serde(default)]
    pub departments: Vec<String>,
    /// These besides, by user principal name or object id.
    #[serde(default)]
    pub include: Vec<String>,
    /// Never these.
    #[serde(default)]
    pub exclude: Vec<String>,
}

/// `[usage_reports]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsageReportsSection {
    /// Whether they are read; true where missing.
    pub read: Option<bool>,
    /// csv (v1.0) or json (beta).
    pub format: Option<UsageFormat>,
}

/// In which form usage reports are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UsageFormat {
    /// v1.0.
    Csv,
    /// beta.
    Json,
}

/// `[licenses]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicensesSection {
    /// What a license costs in a month.
    pub price_per_month: Option<f64>,
    /// In which currency, as ISO 4217 writes it.
    pub currency: Option<String>,
    /// People on leave, by user principal name or object id: never called idle.
    #[serde(default)]
    pub on_leave: Vec<String>,
}

/// `[rules]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesSection {
    /// Rules on top of those built in; a path is relative to this file.
    pub file: Option<PathBuf>,
    /// Ids of rules that are turned off.
    #[serde(default)]
    pub off: Vec<String>,
}

/// `[tenants.NAME]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantSection {
    /// Directory (tenant) id or a domain.
    pub tenant_id: Option<String>,
    /// Application (client) id.
    pub client_id: Option<String>,
    /// The certificate with its key (PEM or PFX); a path is relative to this file.
    pub certificate: Option<PathBuf>,
    /// A file that holds the certificate's password.
    pub certificate_password_file: Option<PathBuf>,
    /// A file that holds the client secret. (A secret itself does not belong here.)
    pub client_secret_file: Option<PathBuf>,
    /// `managed` or `workload`, in place of certificate or secret.
    pub identity: Option<Identity>,
    /// global, us-government, us-government-dod, china.
    pub cloud: Option<String>,
    /// Another base address of Graph.
    pub graph_url: Option<String>,
    /// Another base address of Entra.
    pub authority_url: Option<String>,
    /// A lake of this tenant's own.
    pub lake: Option<String>,
}

/// An identity that Azure gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Identity {
    /// Of the machine or container that hobbs runs on.
    Managed,
    /// Workload identity federation (AZURE_FEDERATED_TOKEN_FILE).
    Workload,
}
