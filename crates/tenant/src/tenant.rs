//! The tenant: takes a request, gives what Microsoft would.

use std::collections::{BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use tokio::time::Instant;

use crate::answer::{Answer, Asked, GraphError};
use crate::cache::Cache;
use crate::draw::{Draw, hash};
use crate::entra::{BadToken, Entra};
use crate::faults::{Attempts, Fault, FaultOf, request_key};
use crate::limits::Gate;
use crate::options::TenantOptions;
use crate::population::habits::Bent;
use crate::population::history::Histories;
use crate::population::item::Item;
use crate::population::life::LifeEvent;
use crate::population::people::{Access, People};
use crate::reports::book::Book;
use crate::reports::gate::ReportGate;
use crate::route::Route;
use crate::spoil;
use crate::statistics::{Counters, Statistics};

/// Wall time: UTC milliseconds since 1970.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The tenant cannot be made as it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    /// Not a certificate.
    #[error("a registered certificate cannot be read: {0}; give it as DER")]
    Certificate(String),
    /// A certificate whose key is of a kind that Entra does not take.
    #[error(
        "a registered certificate has no RSA key; Entra takes RSA only, make one with 2048 bits or more"
    )]
    NotRsa,
}

/// A user as the tenant knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserFacts {
    /// Place in the directory, from 0.
    pub index: u32,
    /// Object id.
    pub id: String,
    /// `userPrincipalName`.
    pub user_principal_name: String,
    /// `displayName`.
    pub display_name: String,
    /// `department`.
    pub department: &'static str,
    /// Object id of the manager.
    pub manager_id: Option<String>,
    /// `preferredLanguage`.
    pub locale: &'static str,
    /// `accountEnabled`.
    pub enabled: bool,
    /// Whether the history can be read now.
    pub access: Access,
    /// Any `$filter` is answered with 400.
    pub filter_refused: bool,
    /// Links to next pages point to another host.
    pub foreign_next_link: bool,
    /// Does nothing themselves: all that is in the history was made by documents and apps.
    pub automatic_only: bool,
    /// The license goes away in the run, after one to three pages.
    pub loses_license: bool,
}

/// A simulated tenant: Entra ID and Graph.
pub struct Tenant {
    pub(crate) options: TenantOptions,
    clock: Clock,
    pub(crate) people: People,
    pub(crate) histories: Histories,
    cache: Cache,
    pub(crate) book: Book,
    entra: Entra,
    gate: Gate,
    report_gate: ReportGate,
    attempts: Attempts,
    pub(crate) counters: Counters,
    /// For users whose license goes: how many pages they were asked for.
    pages_asked: Mutex<HashMap<u32, u32>>,
}

impl std::fmt::Debug for Tenant {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Tenant")
            .field("tenant_id", &self.options.tenant_id)
            .finish_non_exhaustive()
    }
}

impl Tenant {
    /// A tenant made of these options. The clock gives wall time; waiting is tokio's.
    ///
    /// # Errors
    /// A registered certificate that cannot be read or has no RSA key.
    pub fn new(options: TenantOptions, clock: Clock) -> Result<Self, TenantError> {
        let start_ms = options.start_ms.unwrap_or_else(|| clock());
        let people = People::new(&options, start_ms);
        Ok(Self {
            histories: Histories::new(&options, &people, start_ms),
            entra: Entra::new(&options)?,
            gate: Gate::new(options.limits),
            report_gate: ReportGate::new(options.limits),
            people,
            options,
            clock,
            cache: Cache::default(),
            book: Book::default(),
            attempts: Attempts::default(),
            counters: Counters::default(),
            pages_asked: Mutex::default(),
        })
    }

    /// A tenant on the machine's own clock.
    ///
    /// # Errors
    /// As [`Tenant::new`].
    pub fn on_system_clock(options: TenantOptions) -> Result<Self, TenantError> {
        Self::new(
            options,
            Arc::new(|| jiff::Timestamp::now().as_millisecond()),
        )
    }

    /// What the tenant is made of.
    pub fn options(&self) -> &TenantOptions {
        &self.options
    }

    /// The tenant's wall time, UTC milliseconds.
    pub fn now_ms(&self) -> i64 {
        (self.clock)()
    }

    /// What was counted so far.
    pub fn statistics(&self) -> Statistics {
        self.counters.snapshot(self.gate.peaks())
    }

    /// How many users the directory has.
    pub fn user_count(&self) -> u32 {
        self.people.count
    }

    /// A user by their place in the directory, below [`Tenant::user_count`].
    pub fn user_facts(&self, index: u32) -> UserFacts {
        let person = self.people.person_at(index, self.now_ms());
        UserFacts {
            index,
            display_name: person.display_name(),
            department: person.department,
            manager_id: person.manager.map(|manager| self.people.id(manager)),
            locale: person.culture.locale,
            enabled: person.enabled,
            access: person.access,
            filter_refused: self.user_has(Fault::FilterRefused, index),
            foreign_next_link: self.user_has(Fault::ForeignNextLink, index),
            automatic_only: self.histories.bent(index) == Bent::LooksOn,
            loses_license: self.user_has(Fault::LicenseRemoved, index),
            id: person.id,
            user_principal_name: person.upn,
        }
    }

    /// Whether a user's history could be read at a time, UTC milliseconds.
    pub fn access_at(&self, index: u32, at_ms: i64) -> Access {
        self.people.access_at(index, at_ms)
    }

    /// Whether a Copilot license was assigned to a user at a time, UTC milliseconds; working plan or not.
    pub fn is_licensed_at(&self, index: u32, at_ms: i64) -> bool {
        self.people.is_licensed_at(index, at_ms)
    }

    /// Whether a user was in the directory at a time, UTC milliseconds.
    pub fn exists_at(&self, index: u32, at_ms: i64) -> bool {
        self.people.exists_at(index, at_ms)
    }

    /// What happens to a user and when, UTC milliseconds, in the order of time; what is drawn for the future too.
    pub fn events_of(&self, index: u32) -> Vec<(i64, LifeEvent)> {
        let life = self.people.life(index);
        life.map_or_else(Vec::new, |life| life.events().to_vec())
    }

    /// The UTC days, since 1970, on which something comes into a user's history from one time on and before another, UTC
    /// milliseconds; what is drawn for the future too. As with [`Tenant::truth_of`], whether it can be read is not
    /// asked. Cheap where [`TenantOptions::active_share`] is set; else the days asked for are drawn.
    pub fn active_days_of(&self, index: u32, from_ms: i64, to_ms: i64) -> BTreeSet<i64> {
        self.histories
            .active_days(&self.people, index, (from_ms, to_ms))
    }

    /// The place in the directory of whoever has this object id or user principal name.
    pub fn find_user(&self, id_or_upn: &str) -> Option<u32> {
        self.people.find(id_or_upn)
    }

    /// Takes a user's license away: from now on 403, and nothing more comes into the history.
    pub fn remove_license(&self, index: u32) {
        self.act(index, LifeEvent::LicenseRemoved);
    }

    /// Gives it back, or to somebody who never had one.
    pub fn give_license_back(&self, index: u32) {
        self.pages_asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&index);
        if self.people.access(index) != Access::Guest {
            self.act(index, LifeEvent::LicenseAssigned);
        }
    }

    /// Disables a user's account: from now on nothing comes into the history. What is there can still be read.
    pub fn disable_account(&self, index: u32) {
        self.act(index, LifeEvent::AccountDisabled);
    }

    /// Deletes a user, and the license with them: from now on 404.
    pub fn delete_user(&self, index: u32) {
        self.act(index, LifeEvent::Left);
    }

    /// Moves a user to another department, under its head and into another office. False where there is no such
    /// department, or it has no head.
    pub fn move_department(&self, index: u32, department: &str) -> bool {
        let found = self.people.department_named(department);
        if let Some(department) = found {
            self.act(index, LifeEvent::Moved { department });
        }
        found.is_some()
    }

    fn act(&self, index: u32, event: LifeEvent) {
        self.people.act(index, self.now_ms(), event);
        self.cache.forget(index);
    }

    /// All tokens handed out so far are answered with 401.
    pub fn revoke_tokens(&self) {
        self.entra.revoke_all();
    }

    /// The application permissions of tokens handed out from now on.
    pub fn grant_roles(&self, roles: Vec<String>) {
        self.entra.grant(roles);
    }

    pub(crate) fn user_has(&self, fault: Fault, user: u32) -> bool {
        self.options
            .faults
            .strikes(fault, self.options.seed, hash(&[u64::from(user), 0x05e4]))
    }

    /// Whether a user's history can be read now.
    pub(crate) fn access(&self, user: u32) -> Access {
        self.people.access_at(user, self.now_ms())
    }

    /// The same as somebody asks for a page, which may be one too many.
    pub(crate) fn access_on_request(&self, user: u32) -> Access {
        let access = self.access(user);
        if access == Access::Readable && self.user_has(Fault::LicenseRemoved, user) {
            let mut asked = self
                .pages_asked
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let pages = asked.entry(user).or_default();
            let allowed = 1 + (hash(&[self.options.seed, u64::from(user), 0x11c]) % 3) as u32;
            if *pages >= allowed {
                if *pages == allowed {
                    *pages += 1;
                    self.act(user, LifeEvent::LicenseRemoved);
                    self.counters.fault(Fault::LicenseRemoved);
                }
                return Access::LicenseRemoved;
            }
            *pages += 1;
        }
        access
    }

    /// A user's items until the end of their day, oldest first; some of them not visible yet.
    pub(crate) fn history_of(&self, user: u32, now_ms: i64) -> Arc<Vec<Item>> {
        self.cache
            .history(&self.histories, &self.people, user, now_ms)
    }

    /// Answers a request as Microsoft's services would: Entra's paths and Graph's, whatever the host.
    pub async fn answer(&self, request: Request<Bytes>) -> Answer {
        let (parts, body) = request.into_parts();
        let route = Route::of(parts.uri.path());
        let key = request_key(self.options.seed, &parts.method, &parts.uri);
        let attempt = self.attempts.count(key);
        let asked = Asked {
            now_ms: self.now_ms(),
            salt: hash(&[key, u64::from(attempt)]),
            base: base_of(&parts),
            client_request_id: header(&parts.headers, "client-request-id").map(str::to_owned),
        };
        self.counters.request(route.name());
        let answer = match &route {
            Route::Token { tenant } => {
                Answer::Whole(self.token(tenant, &parts.method, &body, &asked, key, attempt))
            }
            Route::Batch if parts.method == Method::POST => {
                Answer::Whole(self.batch(&parts.headers, &body, &asked).await)
            }
            _ => self.graph(&route, &parts, &asked, key, attempt).await,
        };
        if let Some(status) = answer.status() {
            self.counters.answer(status);
        }
        answer
    }

    fn token(
        &self,
        tenant: &str,
        method: &Method,
        body: &Bytes,
        asked: &Asked,
        key: u64,
        attempt: u32,
    ) -> Response<Bytes> {
        if method != Method::POST {
            return asked.respond(StatusCode::METHOD_NOT_ALLOWED, "text/plain", Bytes::new());
        }
        if let Some(fault) =
            self.options
                .faults
                .at_attempt(FaultOf::TokenAttempt, self.options.seed, key, attempt)
        {
            self.counters.fault(fault);
            return asked.respond(StatusCode::SERVICE_UNAVAILABLE, "text/plain", Bytes::new());
        }
        self.entra.answer(tenant, body, asked)
    }

    /// Who is it, may it, is there room, does something go wrong; then the answer itself.
    pub(crate) async fn graph(
        &self,
        route: &Route,
        parts: &http::request::Parts,
        asked: &Asked,
        key: u64,
        attempt: u32,
    ) -> Answer {
        // A download address carries its own permission, and refuses any other.
        if *route != Route::ReportDownload
            && let Err(error) = self.authorize(route, &parts.headers, asked.now_ms)
        {
            return Answer::Whole(asked.error(&error));
        }
        if let Err(wait) = self.make_room(route, parts) {
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            return Answer::Whole(asked.too_many(Some(&seconds.to_string())));
        }
        if parts.method != Method::GET {
            let message = "Specified HTTP method is not allowed for the request target.";
            return Answer::Whole(asked.error(&GraphError::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "Request_BadRequest",
                message,
            )));
        }
        let fault = self
            .options
            .faults
            .at_attempt(FaultOf::Attempt, self.options.seed, key, attempt)
            .filter(|fault| *route != Route::ReportDownload || *fault != Fault::ExpiredToken);
        if let Some(fault) = fault {
            self.counters.fault(fault);
        }
        let latency = match route {
            Route::History { .. } => &self.options.latency_ms,
            _ => &self.options.directory_latency_ms,
        };
        match fault {
            Some(Fault::Hang) => return Answer::Hang,
            Some(fault) if spoil::throttles(fault) => {}
            _ => wait(latency, asked.salt).await,
        }
        // What an answer says is what is true as it is written, after the waiting.
        let asked = Asked {
            now_ms: self.now_ms(),
            ..asked.clone()
        };
        match fault {
            None => Answer::Whole(self.read(route, parts, &asked)),
            Some(fault) => self.spoil(fault, route, parts, &asked),
        }
    }

    /// Whether the limits let a request in, and if not, how long until they do.
    fn make_room(&self, route: &Route, parts: &http::request::Parts) -> Result<(), Duration> {
        match route {
            Route::History { .. } => self
                .gate
                .enter(Instant::now())
                .inspect_err(|_| self.counters.refused_by_limits()),
            Route::Report(called) => {
                // What has no known form is no report, and is refused as it is read.
                let Ok(form) = called.form(parts.uri.query()) else {
                    return Ok(());
                };
                self.report_gate
                    .enter(form, Instant::now())
                    .inspect(|()| self.counters.report(form.name()))
                    .inspect_err(|_| self.counters.report_refused())
            }
            _ => Ok(()),
        }
    }

    fn authorize(&self, route: &Route, headers: &HeaderMap, now_ms: i64) -> Result<(), GraphError> {
        let bearer = header(headers, AUTHORIZATION.as_str()).and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme
                .eq_ignore_ascii_case("bearer")
                .then_some(token.trim())
        });
        let roles = self.entra.roles_of(bearer, now_ms).map_err(|bad| {
            let message = match bad {
                BadToken::Missing => "Access token is empty.",
                BadToken::Unknown => "Access token validation failure.",
                BadToken::Expired => "Lifetime validation failed, the token is expired.",
            };
            GraphError::new(
                StatusCode::UNAUTHORIZED,
                "InvalidAuthenticationToken",
                message,
            )
        })?;
        let needed = route.roles();
        if needed.is_empty() || roles.iter().any(|role| needed.contains(&role.as_str())) {
            return Ok(());
        }
        let message = "Insufficient privileges to complete the operation.";
        Err(GraphError::new(
            StatusCode::FORBIDDEN,
            "Authorization_RequestDenied",
            message,
        ))
    }

    pub(crate) fn read(
        &self,
        route: &Route,
        parts: &http::request::Parts,
        asked: &Asked,
    ) -> Response<Bytes> {
        let (path, query) = (parts.uri.path(), parts.uri.query());
        let answer = match route {
            Route::Users => self.users(path, query, asked),
            Route::UsersDelta => self.users_delta(path, query, &parts.headers, asked),
            Route::User { id } => self.user(id, query, asked),
            Route::Manager { id } => self.manager(id, query, asked),
            Route::Groups => self.groups(path, query, asked),
            Route::Group { id } => self.group(id, query, asked),
            Route::Members {
                id,
                reach,
                users_only,
            } => self.members(id, (*reach, *users_only), path, query, asked),
            Route::SubscribedSkus => Ok(self.subscribed_skus(asked)),
            Route::Organization => Ok(self.organization(asked)),
            Route::History { id } => self.history_page(id, path, query, asked),
            Route::Report(called) => self.report(called, path, query, asked),
            Route::ReportDownload => self.report_download(&parts.headers, query, asked),
            Route::ReportSettings => Ok(self.report_settings(asked)),
            Route::Token { .. } | Route::Batch | Route::Unknown { .. } => {
                let segment = if let Route::Unknown { segment } = route {
                    segment
                } else {
                    "$batch"
                };
                let message = format!("Resource not found for the segment '{segment}'.");
                Err(GraphError::new(
                    StatusCode::BAD_REQUEST,
                    "BadRequest",
                    message,
                ))
            }
        };
        answer.unwrap_or_else(|error| asked.error(&error))
    }
}

async fn wait(range_ms: &RangeInclusive<u64>, salt: u64) {
    let (low, high) = (*range_ms.start() as i64, *range_ms.end() as i64);
    if high > 0 {
        let latency_ms = Draw::of(&[salt, 0x1a7]).between(low, high);
        tokio::time::sleep(Duration::from_millis(latency_ms as u64)).await;
    }
}

pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Scheme and authority that the client used.
fn base_of(parts: &http::request::Parts) -> String {
    match (parts.uri.scheme_str(), parts.uri.authority()) {
        (Some(scheme), Some(authority)) => format!("{scheme}://{authority}"),
        _ => format!(
            "http://{}",
            header(&parts.headers, "host").unwrap_or("localhost")
        ),
    }
}
