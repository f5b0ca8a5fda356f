//! Users, managers, licenses and the organization, as Graph's directory shows them.

use bytes::Bytes;
use http::Response;
use serde_json::{Map, Value, json};

use crate::answer::{Asked, GraphError, uuid};
use crate::draw::{hash, hash_text};
use crate::paging;
use crate::population::life::License;
use crate::population::names::shown;
use crate::population::people::{Access, Person};
use crate::tenant::Tenant;
use crate::time::iso_seconds;

/// SKU of Microsoft 365 Copilot.
pub const COPILOT_SKU: &str = "639dec6b-bb19-468b-871c-c5c441c4b0cb";
/// The second Copilot SKU, since 2026.
pub const SECOND_COPILOT_SKU: &str = "ea2d19f9-23bc-4f7f-9c12-a677b26a8e2a";
/// The service plan that decides: Microsoft 365 Copilot Chat.
pub const COPILOT_CHAT_PLAN: &str = "3f30311c-6b1e-48a4-ab79-725b469da960";
/// Microsoft 365 E5, which everyone but guests has.
const E5_SKU: &str = "06ebc4ee-1bb5-47dd-8120-11324bc54e06";

const COPILOT_PLANS: [(&str, &str, &str); 7] = [
    (
        COPILOT_CHAT_PLAN,
        "M365_COPILOT_BUSINESS_CHAT",
        "M365CopilotBusinessChat",
    ),
    (
        "b95945de-b3bd-46db-8437-f2beb6ea2347",
        "M365_COPILOT_TEAMS",
        "TeamspaceAPI",
    ),
    (
        "a62f8878-de10-42f3-b68f-6149a25ceb97",
        "M365_COPILOT_APPS",
        "MicrosoftOffice",
    ),
    (
        "82d30987-df9b-4486-b146-198b21d164c7",
        "GRAPH_CONNECTORS_COPILOT",
        "M365CopilotConnectors",
    ),
    (
        "931e4a88-a67f-48b5-814f-16a5f1e6028d",
        "M365_COPILOT_INTELLIGENT_SEARCH",
        "IntelligentSearch",
    ),
    (
        "89f1c4c8-0878-40f7-804d-869c9128ab5d",
        "M365_COPILOT_CONNECTORS",
        "PowerPlatform",
    ),
    (
        "fe6c28b3-d468-44ea-bbd0-a10a5167435c",
        "COPILOT_STUDIO_IN_COPILOT_FOR_M365",
        "CopilotStudio",
    ),
];
const E5_PLANS: [(&str, &str, &str); 2] = [
    (
        "efb87545-963c-4e0d-99df-69c6916d9eb0",
        "EXCHANGE_S_ENTERPRISE",
        "exchange",
    ),
    (
        "57ff2da0-773e-42df-b2af-ffb7a2317929",
        "TEAMS1",
        "TeamspaceAPI",
    ),
];

/// What Graph gives without `$select`.
const DEFAULT_FIELDS: [&str; 11] = [
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
        let begin = match paging::parameter(&parameters, "skiptoken") {
            Some(token) => {
                let opened = paging::open(self.options.seed, hash_text(0, "users"), token);
                opened
                    .ok_or_else(|| GraphError::bad_request("Skip token is not valid."))?
                    .1 as u32
            }
            None => 0,
        };
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
        let mut body = Map::new();
        body.insert(
            "@odata.context".into(),
            view.context(&asked.base, "users", false).into(),
        );
        if let Some(index) = next {
            let token = paging::seal(
                self.options.seed,
                hash_text(0, "users"),
                0,
                u64::from(index),
            );
            body.insert(
                "@odata.nextLink".into(),
                paging::next_link(&asked.base, path, &parameters, &token).into(),
            );
        }
        body.insert("value".into(), values.into());
        Ok(asked.json(Value::Object(body).to_string()))
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

    fn skus(&self, person: &Person) -> Vec<&'static str> {
        let mut skus = Vec::new();
        if !person.guest() {
            skus.push(E5_SKU);
        }
        if person.licensed() {
            skus.push(if person.second_sku {
                SECOND_COPILOT_SKU
            } else {
                COPILOT_SKU
            });
        }
        skus
    }

    fn user_json(&self, person: &Person, view: &View, at_ms: i64) -> Map<String, Value> {
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
    fn field(&self, person: &Person, field: &str) -> Option<Value> {
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

    fn assigned_licenses(&self, person: &Person) -> Value {
        let licenses = self.skus(person).into_iter().map(|sku| {
            let disabled: &[&str] = if person.license == License::PlanOff && sku != E5_SKU {
                &[COPILOT_CHAT_PLAN]
            } else {
                &[]
            };
            json!({"disabledPlans": disabled, "skuId": sku})
        });
        licenses.collect()
    }

    fn assigned_plans(&self, person: &Person) -> Value {
        let plan = |(id, _, service): &(&str, &str, &str), assigned_ms: i64, status: &str| json!({"assignedDateTime": iso_seconds(assigned_ms), "capabilityStatus": status, "service": service, "servicePlanId": id});
        let mut plans = Vec::new();
        if !person.guest() {
            plans.extend(
                E5_PLANS
                    .iter()
                    .map(|entry| plan(entry, person.equipped_ms, "Enabled")),
            );
        }
        let status = |id: &str| match person.license {
            License::Never => None,
            License::PlanOff if id == COPILOT_CHAT_PLAN => Some("Deleted"),
            License::Enabled | License::PlanOff => Some("Enabled"),
            License::Warning => Some("Warning"),
            License::Suspended => Some("Suspended"),
            License::Removed => Some("Deleted"),
        };
        plans.extend(
            COPILOT_PLANS
                .iter()
                .filter_map(|entry| Some(plan(entry, person.assigned_ms, status(entry.0)?))),
        );
        plans.into()
    }

    /// `GET /subscribedSkus`.
    pub(crate) fn subscribed_skus(&self, asked: &Asked) -> Response<Bytes> {
        let (mut e5, mut copilot, mut second) = (0u64, 0u64, 0u64);
        for index in 0..self.people.count {
            if !self.people.exists_at(index, asked.now_ms) {
                continue;
            }
            let person = self.people.person_at(index, asked.now_ms);
            for sku in self.skus(&person) {
                match sku {
                    E5_SKU => e5 += 1,
                    SECOND_COPILOT_SKU => second += 1,
                    _ => copilot += 1,
                }
            }
        }
        let sku = |id: &str, name: &str, consumed: u64, plans: &[(&str, &str, &str)]| {
            json!({
                "accountName": self.options.organization, "accountId": self.options.tenant_id, "appliesTo": "User",
                "capabilityStatus": "Enabled", "consumedUnits": consumed,
                "id": format!("{}_{id}", self.options.tenant_id), "skuId": id, "skuPartNumber": name,
                "subscriptionIds": [uuid(hash_text(self.options.seed, id))],
                "prepaidUnits": {"enabled": consumed + consumed / 10 + 5, "suspended": 0, "warning": 0, "lockedOut": 0},
                "servicePlans": plans.iter().map(|(id, name, _)| json!({
                    "servicePlanId": id, "servicePlanName": name, "provisioningStatus": "Success", "appliesTo": "User",
                })).collect::<Vec<_>>(),
            })
        };
        let body = json!({
            "@odata.context": format!("{}/v1.0/$metadata#subscribedSkus", asked.base),
            "value": [
                sku(E5_SKU, "SPE_E5", e5, &E5_PLANS),
                sku(COPILOT_SKU, "Microsoft_365_Copilot", copilot, &COPILOT_PLANS),
                sku(SECOND_COPILOT_SKU, "Microsoft_365_Copilot_2", second, &COPILOT_PLANS),
            ],
        });
        asked.json(body.to_string())
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
struct View {
    fields: Vec<String>,
    manager: Option<Vec<String>>,
    selected: bool,
}

impl View {
    fn of(parameters: &[(String, String)]) -> Self {
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

    fn context(&self, base: &str, set: &str, single: bool) -> String {
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
