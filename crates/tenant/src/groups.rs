//! Groups and their members. Nobody keeps them: who belongs to one follows from who they are at the time.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::answer::{Asked, GraphError, uuid};
use crate::directory::View;
use crate::draw::{hash, hash_text};
use crate::paging;
use crate::population::names::DEPARTMENTS;
use crate::route::Reach;
use crate::tenant::Tenant;

const TOP_DEFAULT: usize = 100;
const TOP_MOST: usize = 999;

/// Who belongs to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Department(&'static str),
    Licensed,
    WorksCouncil,
    /// A group in the works council's.
    Deputies,
    OnLeave,
    /// One of two groups of one name.
    Duplicate(u64),
}

impl Kind {
    fn all() -> impl Iterator<Item = Self> {
        let departments = DEPARTMENTS.into_iter().chain(["Executive Office"]);
        departments.map(Self::Department).chain([
            Self::Licensed,
            Self::WorksCouncil,
            Self::Deputies,
            Self::OnLeave,
            Self::Duplicate(0),
            Self::Duplicate(1),
        ])
    }

    fn name(self) -> String {
        match self {
            Self::Department(name) => format!("Department {name}"),
            Self::Licensed => "Copilot Users".to_owned(),
            Self::WorksCouncil => "Works Council".to_owned(),
            Self::Deputies => "Works Council Deputies".to_owned(),
            Self::OnLeave => "On Leave".to_owned(),
            Self::Duplicate(_) => "Duplicates".to_owned(),
        }
    }

    fn id(self, seed: u64) -> String {
        let number = match self {
            Self::Duplicate(number) => number,
            _ => 0,
        };
        uuid(hash(&[seed, hash_text(number, &self.name()), 0x6709]))
    }

    /// The group that is a member of this one.
    fn inner(self) -> Option<Self> {
        (self == Self::WorksCouncil).then_some(Self::Deputies)
    }
}

impl Tenant {
    /// `GET /groups`.
    pub(crate) fn groups(
        &self,
        path: &str,
        query: Option<&str>,
        asked: &Asked,
    ) -> Result<Response<Bytes>, GraphError> {
        let parameters = paging::parameters(query);
        let top =
            paging::top(&parameters, TOP_DEFAULT, TOP_MOST).map_err(GraphError::bad_request)?;
        let name = paging::parameter(&parameters, "filter")
            .map(name_in_filter)
            .transpose()?;
        let begin = self.begin(&parameters, "groups")?;
        let found = Kind::all().filter(|kind| {
            name.as_ref()
                .is_none_or(|name| kind.name().eq_ignore_ascii_case(name))
        });
        let rest: Vec<Kind> = found.skip(begin as usize).collect();
        let shown = rest.iter().take(top);
        let values = shown
            .map(|kind| self.group_json(*kind, &parameters).into())
            .collect();
        let next = (rest.len() > top).then(|| begin + top as u32);
        let set = format!("{}/v1.0/$metadata#groups", asked.base);
        Ok(self.listing(values, next, "groups", (set, path), &parameters, asked))
    }

    /// `GET /groups/{id}`.
    pub(crate) fn group(
        &self,
        id: &str,
        query: Option<&str>,
        asked: &Asked,
    ) -> Result<Response<Bytes>, GraphError> {
        let kind = self.kind(id)?;
        let mut body = Map::new();
        let context = format!("{}/v1.0/$metadata#groups/$entity", asked.base);
        body.insert("@odata.context".into(), context.into());
        body.extend(self.group_json(kind, &paging::parameters(query)));
        Ok(asked.json(Value::Object(body).to_string()))
    }

    /// `GET /groups/{id}/members` and `/transitiveMembers`, users alone or not.
    pub(crate) fn members(
        &self,
        id: &str,
        (reach, users_only): (Reach, bool),
        path: &str,
        query: Option<&str>,
        asked: &Asked,
    ) -> Result<Response<Bytes>, GraphError> {
        let kind = self.kind(id)?;
        let parameters = paging::parameters(query);
        let top =
            paging::top(&parameters, TOP_DEFAULT, TOP_MOST).map_err(GraphError::bad_request)?;
        let purpose = format!("{} {reach:?}", kind.id(self.options.seed));
        let begin = self.begin(&parameters, &purpose)?;
        let view = View::of(&parameters);
        let mut values = Vec::new();
        if let Some(inner) = kind.inner().filter(|_| !users_only && begin == 0) {
            let mut group =
                Map::from_iter([("@odata.type".to_owned(), json!("#microsoft.graph.group"))]);
            group.extend(self.group_json(inner, &parameters));
            values.push(group.into());
        }
        let mut next = None;
        for user in begin..self.people.count {
            let belongs = self.belongs(kind, user, asked.now_ms)
                || reach == Reach::Transitive
                    && kind
                        .inner()
                        .is_some_and(|inner| self.belongs(inner, user, asked.now_ms));
            if !belongs {
                continue;
            }
            if values.len() >= top {
                next = Some(user);
                break;
            }
            let person = self.people.person_at(user, asked.now_ms);
            let mut entry = Map::new();
            if !users_only {
                entry.insert("@odata.type".into(), "#microsoft.graph.user".into());
            }
            entry.extend(self.user_json(&person, &view, asked.now_ms));
            values.push(entry.into());
        }
        let set = if users_only {
            "users"
        } else {
            "directoryObjects"
        };
        let context = view.context(&asked.base, set, false);
        Ok(self.listing(values, next, &purpose, (context, path), &parameters, asked))
    }

    /// Object ids of the users who belong to a group of this name now, through groups in it too. Of several groups of
    /// the name, to any.
    pub fn members_of(&self, group_name: &str) -> Vec<String> {
        let now_ms = self.now_ms();
        let kinds: Vec<Kind> = Kind::all()
            .filter(|kind| kind.name() == group_name)
            .flat_map(|kind| [Some(kind), kind.inner()])
            .flatten()
            .collect();
        let users = (0..self.people.count)
            .filter(|user| kinds.iter().any(|kind| self.belongs(*kind, *user, now_ms)));
        users.map(|user| self.people.id(user)).collect()
    }

    fn belongs(&self, kind: Kind, user: u32, at_ms: i64) -> bool {
        let drawn = |one_in: u64| hash(&[self.options.seed, u64::from(user), 0xc0c]) % one_in;
        let (people, member) = (&self.people, !self.people.is_guest(user));
        people.exists_at(user, at_ms)
            && match kind {
                Kind::Department(name) => member && people.department_at(user, at_ms) == name,
                Kind::Licensed => people.is_licensed_at(user, at_ms),
                Kind::WorksCouncil => member && drawn(20) == 0,
                Kind::Deputies => member && drawn(20) == 1,
                Kind::OnLeave => people.is_on_leave_at(user, at_ms),
                Kind::Duplicate(number) => drawn(10) == 4 + number,
            }
    }

    fn kind(&self, id: &str) -> Result<Kind, GraphError> {
        Kind::all()
            .find(|kind| kind.id(self.options.seed).eq_ignore_ascii_case(id))
            .ok_or_else(|| GraphError::no_such_resource(id))
    }

    fn group_json(&self, kind: Kind, parameters: &[(String, String)]) -> Map<String, Value> {
        let name = kind.name();
        let nickname: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let all = json!({
            "id": kind.id(self.options.seed), "displayName": name, "description": Value::Null,
            "groupTypes": [], "mail": Value::Null, "mailEnabled": false, "mailNickname": nickname,
            "securityEnabled": true, "visibility": Value::Null, "createdDateTime": "2021-02-08T10:20:30Z",
        });
        let Value::Object(mut group) = all else {
            return Map::new();
        };
        if let Some(names) = paging::parameter(parameters, "select") {
            group.retain(|name, _| names.split(',').any(|wanted| wanted.trim() == name));
        }
        group
    }
}

/// The name in `displayName eq '…'`.
fn name_in_filter(text: &str) -> Result<String, GraphError> {
    let name = text
        .trim()
        .strip_prefix("displayName eq ")
        .and_then(|rest| {
            let quoted = rest.trim().strip_prefix('\'')?.strip_suffix('\'')?;
            // A quote within is written twice.
            (!quoted.replace("''", "").contains('\'')).then(|| quoted.replace("''", "'"))
        });
    name.ok_or_else(|| {
        let message = format!(
            "Unsupported or invalid query filter clause specified for resource 'Group': {text}"
        );
        GraphError::new(StatusCode::BAD_REQUEST, "Request_UnsupportedQuery", message)
    })
}
