//! A tenant, a client and a lake in one process and one virtual time.

use std::collections::BTreeSet;
use std::future::{Future, pending};
use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use hobbs_graph::{
    Client, ClientBuilder, Clock, Credential, TokioClock, Transport, TransportError,
};
use hobbs_interaction::ContentPolicy;
use hobbs_lake::{Location, Reader};
use hobbs_sync::{Silent, SyncError, SyncOptions, SyncSummary, sync};
use hobbs_tenant::{Access, Answer, Tenant, TenantOptions};
use http::{Request, Response};
use serde_json::{Map, Value};

/// Wednesday, 3 June 2026, 15:00 UTC.
pub const START_MS: i64 = 1_780_498_800_000;
pub const HOUR_MS: i64 = 3_600_000;
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// Carries requests to the tenant, and notes the hosts that they were for.
pub struct InProcess {
    tenant: Arc<Tenant>,
    hosts: Arc<Mutex<BTreeSet<String>>>,
}

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        self.hosts.lock().unwrap().insert(host);
        match self.tenant.answer(request).await {
            Answer::Whole(response) => Ok(response),
            Answer::Cut { .. } | Answer::Reset => Err(TransportError::Cut),
            Answer::Hang => pending().await,
        }
    }
}

/// A tenant, and the folder of the lake that it is read into.
pub struct World {
    pub tenant: Arc<Tenant>,
    pub clock: TokioClock,
    pub lake: Location,
    pub hosts: Arc<Mutex<BTreeSet<String>>>,
    /// Seeds the client's jitter.
    pub seed: u64,
    _folder: Option<tempfile::TempDir>,
}

impl World {
    /// A tenant whose history ends at [`START_MS`], a second ago, and an empty place for a lake.
    pub fn new(options: TenantOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lake = folder.path().join("lake");
        World {
            _folder: Some(folder),
            ..World::at(&lake, options, START_MS + 1_000)
        }
    }

    /// The same over a lake that may be there, at another time of day.
    pub fn at(lake: &Path, options: TenantOptions, now_ms: i64) -> Self {
        let clock = TokioClock::starting_at_ms(now_ms);
        let options = TenantOptions {
            start_ms: Some(START_MS),
            ..options
        };
        let tenant = Tenant::new(options, Arc::new(move || clock.now_ms())).unwrap();
        World {
            tenant: Arc::new(tenant),
            clock,
            lake: Location::Folder(lake.to_owned()),
            hosts: Arc::default(),
            seed: 7,
            _folder: None,
        }
    }

    /// The way to the tenant.
    pub fn transport(&self) -> InProcess {
        InProcess {
            tenant: Arc::clone(&self.tenant),
            hosts: Arc::clone(&self.hosts),
        }
    }

    pub fn builder(&self) -> ClientBuilder {
        let options = self.tenant.options();
        let credential = Credential::ClientSecret {
            client_id: options.client_id.clone(),
            secret: options.secret.clone().unwrap().into(),
        };
        Client::builder(options.tenant_id.clone(), credential)
            .transport(Arc::new(self.transport()))
            .clock(Arc::new(self.clock))
            .seed(self.seed)
    }

    pub fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    /// Everyone, what is new, with the whole texts, so that they can be compared.
    pub fn options(&self) -> SyncOptions {
        SyncOptions {
            content: ContentPolicy::Full,
            ..SyncOptions::new(self.lake.clone())
        }
    }

    pub async fn sync(&self) -> SyncSummary {
        self.sync_with(&self.client(), &self.options(), pending())
            .await
            .unwrap()
    }

    pub async fn sync_with(
        &self,
        client: &Client,
        options: &SyncOptions,
        stop: impl Future<Output = ()>,
    ) -> Result<SyncSummary, SyncError> {
        sync(client, Arc::new(self.clock), options, &mut Silent, stop).await
    }

    pub async fn reader(&self) -> Reader {
        Reader::open(&self.lake).await.unwrap()
    }

    pub async fn select(&self, sql: &str) -> Vec<Map<String, Value>> {
        self.reader().await.select(sql).await.unwrap()
    }

    /// The one number that a query gives.
    pub async fn number(&self, sql: &str) -> u64 {
        let rows = self.select(sql).await;
        rows[0]
            .values()
            .next()
            .and_then(Value::as_u64)
            .unwrap_or_else(|| panic!("{rows:?}"))
    }

    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Requests for interactions so far.
    pub fn history_requests(&self) -> u64 {
        self.tenant.statistics().requests("history")
    }

    /// The fewest requests that read everything from a moment on: pages of 100, at least one a user.
    pub fn least_requests(&self, from_ms: i64) -> u64 {
        let readable = (0..self.tenant.user_count())
            .filter(|user| self.tenant.user_facts(*user).access == Access::Readable);
        let rows = readable.map(|user| {
            self.tenant
                .truth_of(user)
                .iter()
                .filter(|item| item.created_at_ms >= from_ms)
                .count()
        });
        rows.map(|rows| rows.div_ceil(100).max(1) as u64).sum()
    }

    pub fn user_ids(
        &self,
        is_meant: impl Fn(&hobbs_tenant::UserFacts) -> bool,
    ) -> BTreeSet<String> {
        let facts = (0..self.tenant.user_count()).map(|index| self.tenant.user_facts(index));
        facts
            .filter(|facts| is_meant(facts))
            .map(|facts| facts.id)
            .collect()
    }
}

pub fn failed_ids(summary: &SyncSummary) -> BTreeSet<String> {
    summary
        .failed
        .iter()
        .map(|user| user.user_id.clone())
        .collect()
}
