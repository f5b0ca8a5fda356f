//! What a tenant is made of.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::faults::Faults;
use crate::limits::Limits;
use crate::reports::options::{ReportDelivery, ReportOddity};
use crate::turnover::Turnover;

/// How much the people of a tenant do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Volume {
    /// Heavy-tailed: this many rows in 30 days for the average user with access; many have few, a few have a lot. What
    /// happened on a day does not depend on when the tenant was started.
    Monthly(f64),
    /// Heavy-tailed, and about this many rows in the whole history at the start.
    Total(u64),
    /// Exactly this many rows for each user with access in the history at the start; a part of them for whom a
    /// [`Turnover`] leaves a part of the days.
    Exactly(u64),
}

/// What the people of a tenant say and press, and what happens beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Corpus {
    /// A plain mix of everything, with few texts: enough for whoever reads histories.
    #[default]
    Everyday,
    /// The labelled corpus that rules of verdicts are made with.
    Tuning,
    /// The same kinds of things in other words, with other buttons and other automatic texts: what no rule was made
    /// with. Whoever makes rules must not read the files named `held_out*`.
    HeldOut,
}

impl Corpus {
    /// Every corpus.
    pub const ALL: [Self; 3] = [Self::Everyday, Self::Tuning, Self::HeldOut];

    /// The name that a command line uses: `everyday`, `tuning`, `held_out`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Everyday => "everyday",
            Self::Tuning => "tuning",
            Self::HeldOut => "held_out",
        }
    }
}

/// The text names no corpus.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no corpus; there are everyday, tuning and held_out")]
pub struct UnknownCorpus(String);

impl FromStr for Corpus {
    type Err = UnknownCorpus;

    fn from_str(name: &str) -> Result<Self, UnknownCorpus> {
        let known = Self::ALL.into_iter().find(|corpus| corpus.name() == name);
        known.ok_or_else(|| UnknownCorpus(name.to_owned()))
    }
}

impl fmt::Display for Corpus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What a simulated tenant is made of. All that it holds follows from these values and the clock.
#[derive(Debug, Clone)]
pub struct TenantOptions {
    /// Where everything is drawn from.
    pub seed: u64,
    /// People in the directory, guests included.
    pub users: u32,
    /// How far back the history goes from the start, in days.
    pub days_of_history: u32,
    /// How much people do.
    pub volume: Volume,
    /// What they say and press.
    pub corpus: Corpus,
    /// Whether some people begin, pause, stop and come back over the weeks, and others use Copilot in some weeks only.
    /// Without, everyone's weeks are alike but for vacations.
    pub careers: bool,
    /// Share of the users who do something on a day, drawn for each user and UTC day anew, in place of habits, weekends
    /// and vacations; the volume says how much on average. Each does at least something on such a day.
    pub active_share: Option<f64>,
    /// Share of the users who do nothing themselves: documents summarize themselves, and that is all. 4 % where None.
    pub automatic_only_share: Option<f64>,
    /// One user, by index, with exactly this many rows in the history at the start.
    pub heavy_user: Option<(u32, u64)>,
    /// Whether people go on working as the clock passes the start.
    pub live: bool,
    /// When the history ends and live items begin: UTC milliseconds. The clock's time at creation where None.
    pub start_ms: Option<i64>,
    /// Share of the members with a Copilot license.
    pub licensed_share: f64,
    /// Share of the licensed whose Copilot Chat service plan is switched off.
    pub plan_disabled_share: f64,
    /// Share of the users who are guests.
    pub guest_share: f64,
    /// Share of the members whose account is disabled.
    pub disabled_share: f64,
    /// Share of the users who are listed, but were deleted a moment ago: whoever asks for them by id gets 404.
    pub deleted_share: f64,
    /// What happens to people over time.
    pub turnover: Turnover,
    /// For how many days a delta token is good.
    pub delta_token_days: u32,
    /// Units of Microsoft 365 Copilot that are suspended.
    pub units_suspended: u32,
    /// Units of Microsoft 365 Copilot in the days of grace after their subscription ended.
    pub units_warning: u32,
    /// Share of the items that are changed later (a later etag), within 12 hours of their time.
    pub edited_share: f64,
    /// How long a page of interaction history takes, in milliseconds.
    pub latency_ms: RangeInclusive<u64>,
    /// How long any other Graph answer takes, in milliseconds.
    pub directory_latency_ms: RangeInclusive<u64>,
    /// Requests allowed.
    pub limits: Limits,
    /// What goes wrong.
    pub faults: Faults,
    /// Scheme and host that a foreign nextLink points to; a test may put a listener of its own here.
    pub foreign_base: String,
    /// How long after its beginning a UTC day comes into the usage reports, in hours; a whole day at least. Drawn for
    /// each day: by default the refresh date lies two or three days back.
    pub report_lag_hours: RangeInclusive<u64>,
    /// Share of the automatic insights that somebody views or expands: these alone count in the usage reports.
    pub viewed_share: f64,
    /// Whether the usage reports show hashes in place of names.
    pub conceal_names: bool,
    /// How usage reports in CSV are delivered.
    pub report_delivery: ReportDelivery,
    /// Scheme and host of download addresses; those that the client used where None.
    pub report_download_base: Option<String>,
    /// What is strange about usage reports.
    pub report_oddities: Vec<ReportOddity>,
    /// Whether a `$filter` with fractions of a second is answered with 400, as some tenants do.
    pub refuse_fractions: bool,
    /// Whether `appClass` values other than the documented six are taken in a filter.
    pub filter_any_app: bool,
    /// Directory (tenant) id.
    pub tenant_id: String,
    /// The tenant's domain, also accepted in the token endpoint's path.
    pub domain: String,
    /// Name of the organization.
    pub organization: String,
    /// Application (client) id.
    pub client_id: String,
    /// The application's client secret; none where None.
    pub secret: Option<String>,
    /// When the secret ends, UTC milliseconds.
    pub secret_expires_ms: Option<i64>,
    /// The application's registered certificates, DER.
    pub certificates: Vec<Vec<u8>>,
    /// Application permissions granted with consent.
    pub roles: Vec<String>,
    /// `expires_in` of a token, in seconds.
    pub token_lifetime_s: u64,
}

impl Default for TenantOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            users: 300,
            days_of_history: 30,
            volume: Volume::Monthly(80.0),
            corpus: Corpus::Everyday,
            careers: false,
            active_share: None,
            automatic_only_share: None,
            heavy_user: None,
            live: true,
            start_ms: None,
            licensed_share: 0.8,
            plan_disabled_share: 0.02,
            guest_share: 0.02,
            disabled_share: 0.03,
            deleted_share: 0.0,
            turnover: Turnover::default(),
            delta_token_days: 7,
            units_suspended: 0,
            units_warning: 0,
            edited_share: 0.02,
            latency_ms: 0..=0,
            directory_latency_ms: 0..=0,
            limits: Limits::default(),
            faults: Faults::default(),
            foreign_base: "https://graph.microsoft.com.collector.example".to_owned(),
            report_lag_hours: 48..=72,
            viewed_share: 0.7,
            conceal_names: false,
            report_delivery: ReportDelivery::default(),
            report_download_base: None,
            report_oddities: Vec::new(),
            refuse_fractions: true,
            filter_any_app: false,
            tenant_id: "5d1ad1be-6b2c-4f7e-9a52-3f0f6c0c4e11".to_owned(),
            domain: "contoso-simulated.onmicrosoft.com".to_owned(),
            organization: "Contoso Simulated".to_owned(),
            client_id: "0a9c1f9e-54b7-4a2b-8b53-6a4c1d0d7c22".to_owned(),
            secret: Some("simulated-secret".to_owned()),
            secret_expires_ms: None,
            certificates: Vec::new(),
            roles: [
                "AiEnterpriseInteraction.Read.All",
                "User.Read.All",
                "GroupMember.Read.All",
                "Organization.Read.All",
                "Reports.Read.All",
                "ReportSettings.Read.All",
                "CopilotPackages.Read.All",
                "AuditLogsQuery.Read.All",
            ]
            .map(str::to_owned)
            .to_vec(),
            token_lifetime_s: 3_599,
        }
    }
}

impl TenantOptions {
    /// The defaults with another seed.
    pub fn seeded(seed: u64) -> Self {
        Self {
            seed,
            ..Self::default()
        }
    }

    /// Everyone is a member with a license and a working plan: nobody's history is refused.
    #[must_use]
    pub fn everyone_licensed(self) -> Self {
        Self {
            licensed_share: 1.0,
            plan_disabled_share: 0.0,
            guest_share: 0.0,
            deleted_share: 0.0,
            ..self
        }
    }

    /// Time passes for people: they get and lose licenses, join, leave, move and are away.
    #[must_use]
    pub fn lively(self) -> Self {
        Self {
            turnover: Turnover::lively(),
            ..self
        }
    }

    /// No limits and no waiting: for measuring how fast a client can be.
    #[must_use]
    pub fn unthrottled(self) -> Self {
        Self {
            limits: Limits::off(),
            latency_ms: 0..=0,
            directory_latency_ms: 0..=0,
            ..self
        }
    }

    /// Nothing happens after the start: the history stays as it is.
    #[must_use]
    pub fn frozen(self) -> Self {
        Self {
            live: false,
            ..self
        }
    }
}
