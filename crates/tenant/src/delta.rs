//! `/users/delta`: everyone first, then who has changed since.

use bytes::Bytes;
use http::header::{HeaderValue, LOCATION};
use http::{HeaderMap, Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::answer::{Asked, GraphError};
use crate::directory::{DEFAULT_FIELDS, View};
use crate::draw::{hash, hash_text};
use crate::paging;
use crate::population::life::{RESTORABLE_DAYS, State};
use crate::population::people::Person;
use crate::tenant::Tenant;
use crate::time::DAY_MS;

/// What can be tracked, each with its place in a token. Only ever add to the end.
const TRACKED: [&str; 24] = [
    "id",
    "displayName",
    "givenName",
    "surname",
    "userPrincipalName",
    "mail",
    "jobTitle",
    "department",
    "officeLocation",
    "city",
    "country",
    "usageLocation",
    "preferredLanguage",
    "companyName",
    "employeeId",
    "mobilePhone",
    "businessPhones",
    "accountEnabled",
    "userType",
    "createdDateTime",
    "onPremisesSyncEnabled",
    "assignedLicenses",
    "assignedPlans",
    "manager",
];
const MANAGER: u64 = 1 << (TRACKED.len() - 1);

const PAGE_DEFAULT: usize = 200;
const PAGE_MOST: usize = 999;
/// The moment before everything: whoever asks for changes since then gets everyone.
const NEVER_MS: i64 = i64::MIN;

/// A round of asking: what changed between two moments, in which properties.
#[derive(Debug, Clone, Copy)]
struct Round {
    since_ms: i64,
    until_ms: i64,
    tracked: u64,
    /// The next to be looked at.
    begin: u32,
    page: usize,
}

/// The token says nothing that is known here: start again.
struct Gone;

impl Tenant {
    /// `GET /users/delta`.
    pub(crate) fn users_delta(
        &self,
        path: &str,
        query: Option<&str>,
        headers: &HeaderMap,
        asked: &Asked,
    ) -> Result<Response<Bytes>, GraphError> {
        let parameters = paging::parameters(query);
        for refused in ["expand", "filter", "orderby", "search"] {
            if paging::parameter(&parameters, refused).is_some() {
                let message =
                    format!("The query option '${refused}' is not supported for delta queries.");
                return Err(GraphError::bad_request(message));
            }
        }
        let preferences = Preferences::of(headers);
        let mut round = match self.round(&parameters, &preferences, asked.now_ms)? {
            Ok(round) => round,
            Err(Gone) => return Ok(gone(path, asked)),
        };
        let latest = paging::parameter(&parameters, "deltatoken") == Some("latest");
        if latest {
            round.begin = self.people.count;
        }
        let mut values = Vec::new();
        let mut next = None;
        for index in round.begin..self.people.count {
            let Some(entry) = self.delta_entry(index, &round, preferences.minimal) else {
                continue;
            };
            if values.len() == round.page {
                next = Some(index);
                break;
            }
            values.push(entry);
        }
        let link = |name: &str, token: &str| format!("{}{path}?${name}={token}", asked.base);
        let mut body = Map::new();
        let context = round.view().context(&asked.base, "users", false);
        body.insert("@odata.context".into(), context.into());
        match next {
            Some(begin) => {
                let token = self.skip_token(&Round { begin, ..round });
                body.insert("@odata.nextLink".into(), link("skiptoken", &token).into());
            }
            None => {
                let token = self.delta_token(&round);
                body.insert("@odata.deltaLink".into(), link("deltatoken", &token).into());
            }
        }
        body.insert("value".into(), values.into());
        Ok(asked.json(Value::Object(body).to_string()))
    }

    /// What a request asks for: its tokens say so, and where there is none, its parameters.
    fn round(
        &self,
        parameters: &[(String, String)],
        preferences: &Preferences,
        now_ms: i64,
    ) -> Result<Result<Round, Gone>, GraphError> {
        if let Some(token) = paging::parameter(parameters, "skiptoken") {
            let round = self.open_skip_token(token);
            return round
                .map(Ok)
                .ok_or_else(|| GraphError::bad_request("Badly formed token."));
        }
        let default = preferences.page.unwrap_or(PAGE_DEFAULT);
        let page = paging::top(parameters, default, PAGE_MOST).map_err(GraphError::bad_request)?;
        let from = |since_ms: i64, tracked: u64| Round {
            since_ms,
            until_ms: now_ms,
            tracked,
            begin: 0,
            page,
        };
        Ok(match paging::parameter(parameters, "deltatoken") {
            None | Some("" | "latest") => Ok(from(NEVER_MS, tracked(parameters))),
            Some(token) => {
                let good_ms = i64::from(self.options.delta_token_days) * DAY_MS;
                paging::open(self.options.seed, hash_text(0, "users/delta"), token)
                    .filter(|(since_ms, _)| now_ms.saturating_sub(*since_ms) <= good_ms)
                    .map(|(since_ms, tracked)| from(since_ms, tracked))
                    .ok_or(Gone)
            }
        })
    }

    fn delta_token(&self, round: &Round) -> String {
        // The last millisecond is told again: something may yet happen in it.
        let since_ms = round.until_ms - 1;
        let purpose = hash_text(0, "users/delta");
        paging::seal(self.options.seed, purpose, since_ms, round.tracked)
    }

    fn skip_token(&self, round: &Round) -> String {
        let seed = self.options.seed;
        let what = paging::seal(
            seed,
            hash_text(1, "users/delta"),
            round.since_ms,
            round.tracked,
        );
        let place = (round.page as u64) << 32 | u64::from(round.begin);
        let purpose = hash(&[hash_text(2, "users/delta"), hash_text(0, &what)]);
        let until = paging::seal(seed, purpose, round.until_ms, place);
        format!("{what}.{until}")
    }

    fn open_skip_token(&self, token: &str) -> Option<Round> {
        let seed = self.options.seed;
        let (what, until) = token.split_once('.')?;
        let (since_ms, tracked) = paging::open(seed, hash_text(1, "users/delta"), what)?;
        let purpose = hash(&[hash_text(2, "users/delta"), hash_text(0, what)]);
        let (until_ms, place) = paging::open(seed, purpose, until)?;
        Some(Round {
            since_ms,
            until_ms,
            tracked,
            begin: place as u32,
            page: (place >> 32) as usize,
        })
    }

    /// What a round says of a person, if anything.
    fn delta_entry(&self, index: u32, round: &Round, minimal: bool) -> Option<Value> {
        let Round {
            since_ms, until_ms, ..
        } = *round;
        if since_ms == NEVER_MS {
            let exists = self.people.exists_at(index, until_ms);
            return exists.then(|| self.whole_entry(index, round));
        }
        let life = self.people.life(index);
        let changes = life
            .as_ref()
            .is_some_and(|life| life.changes_between(since_ms, until_ms));
        if !changes && !self.people.manager_goes(index, since_ms, until_ms) {
            return None;
        }
        let at = |at_ms: i64| life.as_ref().map(|life| life.at(at_ms));
        let exists = |state: Option<State>| state.is_none_or(|state| state.exists);
        let now = at(until_ms);
        if let Some(left_ms) = now.and_then(|state| state.left_ms) {
            return self.removed_entry(index, left_ms, round);
        }
        match (exists(at(since_ms)), exists(now)) {
            (_, false) => None,
            (false, true) => Some(self.whole_entry(index, round)),
            (true, true) => self.changed_entry(index, round, minimal),
        }
    }

    /// Who was deleted can be restored for some days, and then not any more: both are told.
    fn removed_entry(&self, index: u32, left_ms: i64, round: &Round) -> Option<Value> {
        let purged_ms = left_ms + RESTORABLE_DAYS * DAY_MS;
        let told = |at_ms: i64| round.since_ms < at_ms && at_ms <= round.until_ms;
        let reason = match (told(purged_ms), told(left_ms)) {
            (true, _) => "deleted",
            (false, true) => "changed",
            (false, false) => return None,
        };
        Some(json!({"id": self.people.id(index), "@removed": {"reason": reason}}))
    }

    /// Everything that is set and tracked.
    fn whole_entry(&self, index: u32, round: &Round) -> Value {
        let person = self.people.person_at(index, round.until_ms);
        let mut entry = self.user_json(&person, &round.view(), round.until_ms);
        entry.retain(|_, value| !value.is_null());
        if round.tracked & MANAGER != 0
            && let Some(manager) = person.manager
        {
            entry.insert("manager@delta".into(), json!([self.reference(manager)]));
        }
        entry.into()
    }

    fn changed_entry(&self, index: u32, round: &Round, minimal: bool) -> Option<Value> {
        let view = round.view();
        let [before, now] =
            [round.since_ms, round.until_ms].map(|at_ms| self.people.person_at(index, at_ms));
        let json = |person: &Person| self.user_json(person, &view, round.until_ms);
        let (old, mut entry) = (json(&before), json(&now));
        let is_new = |name: &String, value: &Value| old.get(name) != Some(value);
        let manager_changed = round.tracked & MANAGER != 0 && before.manager != now.manager;
        if !manager_changed && !entry.iter().any(|(name, value)| is_new(name, value)) {
            return None;
        }
        entry.retain(|name, value| {
            name == "id" || is_new(name, value) || !minimal && !value.is_null()
        });
        if manager_changed {
            let gone = before.manager.map(|manager| {
                let mut reference = self.reference(manager);
                reference["@removed"] = json!({"reason": "deleted"});
                reference
            });
            let came = now.manager.map(|manager| self.reference(manager));
            let managers: Vec<Value> = gone.into_iter().chain(came).collect();
            entry.insert("manager@delta".into(), managers.into());
        }
        Some(entry.into())
    }

    fn reference(&self, index: u32) -> Value {
        json!({"@odata.type": "#microsoft.graph.user", "id": self.people.id(index)})
    }
}

impl Round {
    fn view(&self) -> View {
        let tracked = TRACKED[..TRACKED.len() - 1].iter().enumerate();
        let fields = tracked
            .filter(|(place, name)| **name == "id" || self.tracked >> place & 1 == 1)
            .map(|(_, name)| (*name).to_owned());
        View {
            fields: fields.collect(),
            manager: None,
            selected: true,
        }
    }
}

/// What `$select` names.
fn tracked(parameters: &[(String, String)]) -> u64 {
    let bit = |name: &str| {
        let place = TRACKED
            .iter()
            .position(|known| known.eq_ignore_ascii_case(name.trim()));
        place.map_or(0, |place| 1 << place)
    };
    match paging::parameter(parameters, "select") {
        Some(names) => names.split(',').map(bit).fold(0, |all, bit| all | bit),
        None => DEFAULT_FIELDS
            .into_iter()
            .map(bit)
            .fold(0, |all, bit| all | bit),
    }
}

/// What a request's `Prefer` headers ask for.
struct Preferences {
    minimal: bool,
    page: Option<usize>,
}

impl Preferences {
    fn of(headers: &HeaderMap) -> Self {
        let mut preferences = Self {
            minimal: false,
            page: None,
        };
        let values = headers.get_all("prefer").iter();
        for value in values.filter_map(|value| value.to_str().ok()) {
            for preference in value.split([',', ';']).map(str::trim) {
                if preference.eq_ignore_ascii_case("return=minimal") {
                    preferences.minimal = true;
                } else if let Some(size) = preference.strip_prefix("odata.maxpagesize=") {
                    preferences.page = size
                        .parse()
                        .ok()
                        .filter(|size| *size > 0)
                        .map(|size: usize| size.min(PAGE_MOST));
                }
            }
        }
        preferences
    }
}

/// 410, and where to start again.
fn gone(path: &str, asked: &Asked) -> Response<Bytes> {
    let message = "The sync state generation is not found; a full synchronization is required.";
    let error = GraphError::new(StatusCode::GONE, "syncStateNotFound", message);
    let mut response = asked.error(&error);
    if let Ok(again) = HeaderValue::from_str(&format!("{}{path}?$deltatoken=", asked.base)) {
        response.headers_mut().insert(LOCATION, again);
    }
    response
}
