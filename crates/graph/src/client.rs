//! The client of one app in one tenant.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::cloud::{Cloud, Endpoints};
use crate::history::allowance::Allowance;
use crate::history::filter_memory::FilterMemory;
use crate::history::order::OrderMemory;
use crate::http_transport::HttpTransport;
use crate::pace::{Limits, Pace, PaceSnapshot, ReportLimits};
use crate::retry::{Budget, Jitter};
use crate::sign_in::{Credential, ResourceTokens, Skew, Surroundings, TokenSource};
use crate::stats::{Counters, Statistics};
use crate::transport::{Transport, TransportError};

/// Seconds a page are normal; a minute is a hanging one.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// A wait that the service asks for and that is longer than this ends the run as partial.
const PATIENCE: Duration = Duration::from_secs(600);
/// A burst over new connections may arrive that much later than it left (TLS handshakes, routes).
const ARRIVAL_SPREAD: Duration = Duration::from_millis(100);
/// Plain http leads to this machine, where there is little on the way.
const ARRIVAL_SPREAD_ON_THIS_MACHINE: Duration = Duration::from_millis(25);

/// Reads from Graph as one app in one tenant. Clones share token, pace and counters.
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) endpoints: Endpoints,
    pub(crate) tokens: TokenSource,
    /// The newest token that Graph accepted.
    pub(crate) accepted_generation: AtomicU64,
    pub(crate) pace: Pace,
    pub(crate) csv_reports: Pace,
    pub(crate) json_reports: Pace,
    pub(crate) patience: Duration,
    pub(crate) budget: Budget,
    pub(crate) request_timeout: Duration,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) jitter: Arc<Jitter>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) skew: Arc<Skew>,
    pub(crate) filters: FilterMemory,
    pub(crate) orders: OrderMemory,
    pub(crate) allowance: Allowance,
}

/// What a client cannot be built from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// The tenant is neither a GUID nor a domain name.
    #[error("\"{0}\" is no tenant id: give the tenant's GUID or one of its domain names")]
    Tenant(String),
    /// TLS cannot be set up.
    #[error("HTTP cannot be set up on this machine: {0}")]
    Transport(#[from] TransportError),
    /// A limit that allows nothing.
    #[error("the limits must be numbers above zero")]
    Limits,
}

/// Makes a [`Client`]. Everything but tenant and credential has a default.
pub struct ClientBuilder {
    tenant: String,
    credential: Credential,
    endpoints: Endpoints,
    transport: Option<Arc<dyn Transport>>,
    limits: Limits,
    report_limits: ReportLimits,
    patience: Duration,
    budget: Budget,
    request_timeout: Duration,
    clock: Arc<dyn Clock>,
    seed: Option<u64>,
}

impl ClientBuilder {
    /// Where Graph and the authority are. Default: the global cloud.
    #[must_use]
    pub fn endpoints(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = endpoints;
        self
    }

    /// What carries the requests. Default: real HTTP.
    #[must_use]
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// The pace. Default: the limits that Microsoft documents.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The pace of usage reports, which have limits of their own. Default: those that Microsoft documents.
    #[must_use]
    pub fn report_limits(mut self, report_limits: ReportLimits) -> Self {
        self.report_limits = report_limits;
        self
    }

    /// The longest wait that the service may ask for before reading ends with
    /// [`ReadError::Throttled`](crate::ReadError::Throttled). Default: 10 minutes.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// What one request may cost. Default: see [`Budget`].
    #[must_use]
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// How long one attempt may take; a usage report, far larger than a page, may take ten times that. Default: 60 s.
    #[must_use]
    pub fn request_timeout(mut self, request_timeout: Duration) -> Self {
        self.request_timeout = request_timeout;
        self
    }

    /// The time of day. Default: the machine's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Makes the jitter repeatable. Default: drawn by the system.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Builds the client. Nothing is sent yet. Wants a tokio runtime (its clock starts here).
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn build(self) -> Result<Client, BuildError> {
        let is_tenant = !self.tenant.is_empty()
            && self
                .tenant
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
        if !is_tenant {
            return Err(BuildError::Tenant(self.tenant));
        }
        let rates = [
            self.limits.burst_per_second,
            self.limits.sustained_per_second,
        ];
        let limits_allow = rates.iter().all(|rate| rate.is_finite() && *rate > 0.0);
        let reports_allow = self.report_limits.csv_per_ten_minutes > 0
            && self.report_limits.json_per_ten_minutes > 0;
        if !limits_allow || !reports_allow || self.limits.in_flight_max == 0 {
            return Err(BuildError::Limits);
        }
        let transport: Arc<dyn Transport> = match self.transport {
            Some(transport) => transport,
            None => Arc::new(HttpTransport::new()?),
        };
        let seed = self
            .seed
            .unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
        let arrival_spread = if self.endpoints.graph.is_plain() {
            ARRIVAL_SPREAD_ON_THIS_MACHINE
        } else {
            ARRIVAL_SPREAD
        };
        let jitter = Arc::new(Jitter::new(seed));
        let counters = Arc::new(Counters::default());
        let skew = Arc::new(Skew::unknown());
        let shared = Surroundings {
            transport: Arc::clone(&transport),
            endpoints: self.endpoints.clone(),
            clock: Arc::clone(&self.clock),
            jitter: Arc::clone(&jitter),
            counters: Arc::clone(&counters),
            skew: Arc::clone(&skew),
        };
        let tokens = TokenSource::new(self.tenant, self.credential, shared);
        Ok(Client {
            inner: Arc::new(Inner {
                transport,
                endpoints: self.endpoints,
                tokens,
                accepted_generation: AtomicU64::new(0),
                pace: Pace::new(self.limits, arrival_spread),
                csv_reports: Pace::of_reports(self.report_limits.csv_per_ten_minutes),
                json_reports: Pace::of_reports(self.report_limits.json_per_ten_minutes),
                patience: self.patience,
                budget: self.budget,
                request_timeout: self.request_timeout,
                clock: self.clock,
                jitter,
                counters,
                skew,
                filters: FilterMemory::default(),
                orders: OrderMemory::default(),
                allowance: Allowance::of_a_run(),
            }),
        })
    }
}

impl Client {
    /// Begins a client for a tenant (its GUID, or one of its domain names).
    pub fn builder(tenant: impl Into<String>, credential: Credential) -> ClientBuilder {
        ClientBuilder {
            tenant: tenant.into(),
            credential,
            endpoints: Endpoints::of(Cloud::Global),
            transport: None,
            limits: Limits::default(),
            report_limits: ReportLimits::default(),
            patience: PATIENCE,
            budget: Budget::default(),
            request_timeout: REQUEST_TIMEOUT,
            clock: Arc::new(SystemClock),
            seed: None,
        }
    }

    /// An earlier process of the same app in the same tenant sent so many requests, the last of them so long ago:
    /// the service counts them with ours. To be said before the first request.
    pub fn follow(&self, ended_ago: Duration, requests: u64) {
        let requests = usize::try_from(requests).unwrap_or(usize::MAX);
        self.inner.pace.follow(ended_ago, requests);
    }

    /// Where the pace stands.
    pub fn pace(&self) -> PaceSnapshot {
        self.inner.pace.snapshot()
    }

    /// What was done so far.
    pub fn statistics(&self) -> Statistics {
        self.inner.counters.snapshot()
    }

    /// Tokens of the same app for another service, named by its scope (`https://…/.default`).
    pub fn tokens_for(&self, scope: &str) -> ResourceTokens {
        let inner = &self.inner;
        let shared = Surroundings {
            transport: Arc::clone(&inner.transport),
            endpoints: Endpoints {
                scope: scope.to_owned(),
                ..inner.endpoints.clone()
            },
            clock: Arc::clone(&inner.clock),
            jitter: Arc::clone(&inner.jitter),
            counters: Arc::clone(&inner.counters),
            skew: Arc::clone(&inner.skew),
        };
        let (tenant, credential) = (inner.tokens.tenant.clone(), inner.tokens.credential.clone());
        ResourceTokens::new(TokenSource::new(tenant, credential, shared))
    }

    /// Where this client talks to.
    pub fn endpoints(&self) -> &Endpoints {
        &self.inner.endpoints
    }

    /// The tenant, as given.
    pub fn tenant(&self) -> &str {
        &self.inner.tokens.tenant
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("tenant", &self.tenant())
            .field("credential", &self.inner.tokens.credential)
            .field("graph", &self.inner.endpoints.graph)
            .finish_non_exhaustive()
    }
}

/// Counts attempts where nobody wants to know them.
pub(crate) fn uncounted() -> AtomicU32 {
    AtomicU32::new(0)
}
