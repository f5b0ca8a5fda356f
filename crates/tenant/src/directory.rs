//! Users, managers and the organization, as Graph's directory shows them.

use bytes::Bytes;
use http::Response;
use serde_json::{Map, Value, json};

use crate::answer::{Asked, GraphError};
use crate::draw::{hash, hash_text};
use crate::paging;
use crate::population::names::shown;
use crate::population::people::{Access, Person};
use crate::tenant::Tenant;
use crate::time::iso_seconds;

/// What Graph gives without `$select`.
pub(crate) const DEFAULT_FIELDS: [&str; 11] = [
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
];

const TOP_DEFAULT: usize = 100;
const TOP_MOST: usize = 999;

/// The filters on users that this tenant understands.
enum UserFilter {
    Sku(String),
    Upn(String),
    Enabled(bool),
}

impl Tenant {
    /// `GET /users`.
    pub(crate) fn users(
        &self,
        path: &str,
        query: Option<&str>,
        asked: &Asked,
    ) -> Result<Response<Bytes>, GraphError> {
        let parameters = paging::parameters(query);
        let top =
            paging::top(&parameters, TOP_DEFAULT, TOP_MOST).map_err(GraphError::bad_request)?;
        let filter = paging::parameter(&parameters, "filter")
            .map(parse_filter)
            .transpose()?;
        let begin = self.begin(&parameters, "users")?;
        let view = View::of(&parameters);
        let mut values = Vec::new();
        let mut next = None;
        for index in begin..self.people.count {
            if !self.people.exists_at(index, asked.now_ms) {
                continue;
            }
            let person = self.people.person_at(index, asked.now_ms);
            if filter
                .as_ref()
                .is_some_and(|filter| !self.passes(filter, &person))
            {
                continue;
            }
            if values.len() == top {
                next = Some(index);
                break;
            }
            values.push(Value::Object(self.user_json(&person, &view, asked.now_ms)));
        }
        let context = view.context(&asked.base, "users", false);
        Ok(self.listing(values, next, "users", (context, path), &parameters, asked))
    }

    /// Where a listing goes on; from the beginning without a token.
    pub(crate) fn begin(
        &self,
        parameters: &[(String, String)],
        purpose: &str,
    ) -> Result<u32, GraphError> {
        let Some(token) = paging::parameter(parameters, "skiptoken") else {
            return Ok(0);
        };
        let opened = paging::open(self.options.seed, hash_text(0, purpose), token);
        opened
            .map(|(_, begin)| begin as u32)
            .ok_or_else(|| GraphError::bad_request("Skip token is not valid."))
    }

    /// A page of a listing, with the link to the next one where there is more.
    pub(crate) fn listing(
        &self,
        values: Vec<Value>,
        next: Option<u32>,
        purpose: &str,
        (context, path): (String, &str),
        parameters: &[(String, String)],
        asked: &Asked,
    ) -> Response<Bytes> {
        let mut body = Map::from_iter([("@odata.context".to_owned(), context.into())]);
        if let Some(begin) = next {
            let purpose = hash_text(0, purpose);
            let token = paging::seal(self.options.seed, purpose, 0, u64::from(begin));
            let link = paging::next_link(&asked.base, path, parameters, &token);
            body.insert("@odata.nextLink".into(), link.into());
        }
        body.insert("value".into(), values.into());
        asked.json(Value::Object(body).to_string())
    }

    /// `GET /users/{id}`.
    pub(crate) fn user(
        &self,
        id: &str,
        query: Option<&str>,
        asked: &Asked,
    ) -> Result<Response<Bytes>, GraphError> {
        let person = self.existing(id, asked)?;
        Ok(self.one(&person, query, asked, "users"))
    }

    /// `GET /users/{id}/manager`.
    pub(crate) fn manager(
        &self,
        id: &str,
        query: Option<&str>,
        asked: &Asked,
    ) -> Result<Response<Bytes>, GraphError> {
        let person = self.existing(id, asked)?;
        let manager = person
            .manager
            .ok_or_else(|| GraphError::no_such_resource("manager"))?;
        Ok(self.one(
            &self.people.person_at(manager, asked.now_ms),
            query,
            asked,
            "directoryObjects",
        ))
    }

    fn one(
        &self,
        person: &Person,
        query: Option<&str>,
        asked: &Asked,
        set: &str,
    ) -> Response<Bytes> {
        let view = View::of(&paging::parameters(query));
        let mut body = Map::new();
        body.insert(
            "@odata.context".into(),
            view.context(&asked.base, set, true).into(),
        );
        if set == "directoryObjects" {
            body.insert("@odata.type".into(), "#microsoft.graph.user".into());
        }
        body.extend(self.user_json(person, &view, asked.now_ms));
        asked.json(Value::Object(body).to_string())
    }

    fn existing(&self, id: &str, asked: &Asked) -> Result<Person, GraphError> {
        let found = self.people.find(id);
        let found = found.map(|index| self.people.person_at(index, asked.now_ms));
        found
            .filter(|person| person.access != Access::Deleted)
            .ok_or_else(|| GraphError::no_such_resource(id))
    }

    fn passes(&self, filter: &UserFilter, person: &Person) -> bool {
        match filter {
            UserFilter::Upn(upn) => person.upn.eq_ignore_ascii_case(upn),
            UserFilter::Enabled(enabled) => person.enabled == *enabled,
            UserFilter::Sku(sku) => self.skus(person).contains(&sku.as_str()),
        }
    }

    pub(crate) fn user_json(&self, person: &Person, view: &View, at_ms: i64) -> Map<String, Value> {
        let mut json: Map<String, Value> = view
            .fields
            .iter()
            .filter_map(|field| Some((field.clone(), self.field(person, field)?)))
            .collect();
        if let Some(fields) = &view.manager
            && let Some(manager) = person.manager
        {
            let manager = self.people.person_at(manager, at_ms);
            let view = View {
                fields: fields.clone(),
                manager: None,
                selected: true,
            };
            let mut expanded =
                Map::from_iter([("@odata.type".to_owned(), json!("#microsoft.graph.user"))]);
            expanded.extend(self.user_json(&manager, &view, at_ms));
            json.insert("manager".into(), expanded.into());
        }
        json
    }

    /// One property; None for those that a user does not have here.
    pub(crate) fn field(&self, person: &Person, field: &str) -> Option<Value> {
        let member = !person.guest();
        let if_member = |value: Value| if member { value } else { Value::Null };
        let drawn = hash(&[self.options.seed, u64::from(person.index), 0x70e]);
        Some(match field {
            "id" => person.id.as_str().into(),
            "displayName" => person.display_name().into(),
            "givenName" => shown(person.given).into(),
            "surname" => shown(person.family).into(),
            "userPrincipalName" => person.upn.as_str().into(),
            "mail" => person.mail.as_str().into(),
            "jobTitle" => if_member(person.title.as_str().into()),
            "department" => if_member(person.department.into()),
            "officeLocation" => if_member(person.office.into()),
            "city" => if_member(person.office.into()),
            "country" => if_member(person.culture.country.into()),
            "usageLocation" => if_member(person.culture.country_code.into()),
            "preferredLanguage" => if_member(person.culture.locale.into()),
            "companyName" => if_member(self.options.organization.as_str().into()),
            "employeeId" => if_member(format!("{:06}", person.index + 1).into()),
            "mobilePhone" => Value::Null,
            "businessPhones" => {
                if member {
                    json!([format!("+1 555 {:07}", drawn % 10_000_000)])
                } else {
                    json!([])
                }
            }
            "accountEnabled" => person.enabled.into(),
            "userType" => if member { "Member" } else { "Guest" }.into(),
            "createdDateTime" => iso_seconds(person.created_ms).into(),
            "onPremisesSyncEnabled" => Value::Null,
            "assignedLicenses" => self.assigned_licenses(person),
            "assignedPlans" => self.assigned_plans(person),
            _ => return None,
        })
    }

    /// `GET /organization`.
    pub(crate) fn organization(&self, asked: &Asked) -> Response<Bytes> {
        let domain = |name: &str, initial: bool| json!({"capabilities": "Email, OfficeCommunicationsOnline", "isDefault": initial, "isInitial": initial, "name": name, "type": "Managed"});
        let body = json!({
            "@odata.context": format!("{}/v1.0/$metadata#organization", asked.base),
            "value": [{
                "id": self.options.tenant_id, "displayName": self.options.organization, "countryLetterCode": "US",
                "preferredLanguage": "en", "tenantType": "AAD", "createdDateTime": "2019-03-04T09:12:44Z",
                "verifiedDomains": [domain(&self.options.domain, true)],
            }],
        });
        asked.json(body.to_string())
    }
}

/// Which properties an answer shows.
pub(crate) struct View {
    pub(crate) fields: Vec<String>,
    pub(crate) manager: Option<Vec<String>>,
    pub(crate) selected: bool,
}

impl View {
    pub(crate) fn of(parameters: &[(String, String)]) -> Self {
        let split = |list: &str| {
            list.split(',')
                .map(|field| field.trim().to_owned())
                .filter(|field| !field.is_empty())
                .collect()
        };
        let select = paging::parameter(parameters, "select");
        let fields = select.map_or_else(|| DEFAULT_FIELDS.map(str::to_owned).to_vec(), split);
        let manager = paging::parameter(parameters, "expand")
            .filter(|expand| expand.starts_with("manager"))
            .map(|expand| {
                let inner = expand
                    .split_once("$select=")
                    .map(|(_, list)| list.trim_end_matches(')'));
                inner.map_or_else(|| DEFAULT_FIELDS.map(str::to_owned).to_vec(), split)
            });
        Self {
            fields,
            manager,
            selected: select.is_some(),
        }
    }

    pub(crate) fn context(&self, base: &str, set: &str, single: bool) -> String {
        let mut fields = self.fields.clone();
        fields.extend(
            self.manager
                .as_ref()
                .map(|inner| format!("manager({})", inner.join(","))),
        );
        let shown = if self.selected || self.manager.is_some() {
            format!("({})", fields.join(","))
        } else {
            String::new()
        };
        format!(
            "{base}/v1.0/$metadata#{set}{shown}{}",
            if single { "/$entity" } else { "" }
        )
    }
}

fn parse_filter(text: &str) -> Result<UserFilter, GraphError> {
    let unsupported = || {
        let message = format!(
            "Unsupported or invalid query filter clause specified for resource 'User': {text}"
        );
        GraphError::new(
            http::StatusCode::BAD_REQUEST,
            "Request_UnsupportedQuery",
            message,
        )
    };
    let unquoted = |text: &str| text.trim().trim_matches('\'').to_owned();
    if let Some(rest) = text.strip_prefix("assignedLicenses/any(") {
        let (_, sku) = rest.split_once("/skuId eq ").ok_or_else(unsupported)?;
        return Ok(UserFilter::Sku(
            unquoted(sku.strip_suffix(')').ok_or_else(unsupported)?).to_lowercase(),
        ));
    }
    match text.split_once(" eq ") {
        Some(("userPrincipalName", upn)) => Ok(UserFilter::Upn(unquoted(upn))),
        Some(("accountEnabled", "true")) => Ok(UserFilter::Enabled(true)),
        Some(("accountEnabled", "false")) => Ok(UserFilter::Enabled(false)),
        _ => Err(unsupported()),
    }
}
