//! The tables and their columns. Names follow Graph's, in snake_case.
//!
//! Times are microseconds in UTC: a timestamp without a zone would lift a table to reader 3 and
//! writer 7 of the Delta protocol, which fewer readers open.

use std::sync::Arc;

use deltalake::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};

use crate::usage::UsageColumn;

/// The version of the tables' layout. A lake of another version is refused untouched. Version 1 knew
/// neither fingerprints nor derived tables, version 2 no usage reports and no end of a record's time;
/// neither was released.
pub(crate) const LAKE_VERSION: u32 = 3;

/// The names of all columns, in their order.
pub(crate) fn column_names(schema: &Schema) -> Vec<&str> {
    let fields = schema.fields().iter();
    fields.map(|field| field.name().as_str()).collect()
}

/// The tables of a lake, in the order in which they are created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TableName {
    Interactions,
    Users,
    Licenses,
    LicenseAssignments,
    UsageReports,
    UsageSummary,
    UsageTrend,
    Runs,
    Coverage,
    Exchanges,
    Conversations,
    Resources,
    Keys,
}

impl TableName {
    pub(crate) const ALL: [TableName; 13] = [
        TableName::Interactions,
        TableName::Users,
        TableName::Licenses,
        TableName::LicenseAssignments,
        TableName::UsageReports,
        TableName::UsageSummary,
        TableName::UsageTrend,
        TableName::Runs,
        TableName::Coverage,
        TableName::Exchanges,
        TableName::Conversations,
        TableName::Resources,
        TableName::Keys,
    ];

    /// The tables that queries see: all but the keys.
    pub(crate) fn all_to_query() -> impl Iterator<Item = TableName> + Clone {
        let names = TableName::ALL.into_iter();
        names.filter(|name| *name != TableName::Keys)
    }

    /// Whether it can be made again from the interactions alone.
    pub(crate) fn is_derived(self) -> bool {
        matches!(
            self,
            TableName::Exchanges | TableName::Conversations | TableName::Resources
        )
    }

    /// The time of a row, of the tables that grow with what people do.
    pub(crate) fn time_column(self) -> Option<&'static str> {
        match self {
            TableName::Interactions => Some("created_at"),
            name if name.is_derived() => Some("started_at"),
            _ => None,
        }
    }

    /// Whether it is written after the interactions, up to a commit of theirs.
    pub(crate) fn follows_interactions(self) -> bool {
        self == TableName::Coverage || self.is_derived()
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            TableName::Interactions => "interactions",
            TableName::Users => "users",
            TableName::Licenses => "licenses",
            TableName::LicenseAssignments => "license_assignments",
            TableName::UsageReports => "usage_reports",
            TableName::UsageSummary => "usage_summary",
            TableName::UsageTrend => "usage_trend",
            TableName::Runs => "runs",
            TableName::Coverage => "coverage",
            TableName::Exchanges => "exchanges",
            TableName::Conversations => "conversations",
            TableName::Resources => "resources",
            TableName::Keys => "keys",
        }
    }

    pub(crate) fn schema(self) -> SchemaRef {
        Arc::new(Schema::new(match self {
            TableName::Interactions => interactions(),
            TableName::Users => users(),
            TableName::Licenses => licenses(),
            TableName::LicenseAssignments => license_assignments(),
            TableName::UsageReports => usage_reports(),
            TableName::UsageSummary => usage_summary(),
            TableName::UsageTrend => usage_trend(),
            TableName::Runs => runs(),
            TableName::Coverage => coverage(),
            TableName::Exchanges => exchanges(),
            TableName::Conversations => conversations(),
            TableName::Resources => resources(),
            TableName::Keys => keys(),
        }))
    }
}

fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, false)
}

fn text_or_null(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}

fn flag(name: &str) -> Field {
    Field::new(name, DataType::Boolean, false)
}

fn count(name: &str) -> Field {
    Field::new(name, DataType::Int64, false)
}

fn small(name: &str) -> Field {
    Field::new(name, DataType::Int32, false)
}

fn number_or_null(name: &str) -> Field {
    Field::new(name, DataType::Int64, true)
}

fn seconds(name: &str) -> Field {
    Field::new(name, DataType::Float64, false)
}

fn day(name: &str) -> Field {
    Field::new(name, DataType::Date32, false)
}

fn time_or_null(name: &str) -> Field {
    Field::new(name, time_type(), true)
}

fn time(name: &str) -> Field {
    Field::new(name, time_type(), false)
}

pub(crate) fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

pub(crate) fn context_fields() -> Fields {
    vec![
        text_or_null("context_reference"),
        text_or_null("display_name"),
        text_or_null("context_type"),
    ]
    .into()
}

pub(crate) fn link_fields() -> Fields {
    vec![
        text_or_null("link_url"),
        text_or_null("display_name"),
        text_or_null("link_type"),
    ]
    .into()
}

pub(crate) fn attachment_fields() -> Fields {
    vec![
        text_or_null("attachment_id"),
        text_or_null("content_type"),
        text_or_null("content_url"),
        text_or_null("name"),
    ]
    .into()
}

pub(crate) fn mention_fields() -> Fields {
    vec![
        text_or_null("mention_id"),
        text_or_null("mention_text"),
        text_or_null("mentioned"),
    ]
    .into()
}

/// The field inside a list; `element` is the name that Delta and Parquet agree on.
pub(crate) fn element(fields: Fields) -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Struct(fields), true))
}

fn list(name: &str, fields: Fields) -> Field {
    Field::new(name, DataType::List(element(fields)), true)
}

fn interactions() -> Vec<Field> {
    vec![
        text("tenant_id"),
        text("user_id"),
        text_or_null("session_id"),
        text("interaction_id"),
        text_or_null("request_id"),
        text("etag"),
        time("created_at"),
        text("app_class"),
        text("app"),
        text_or_null("conversation_type"),
        text("surface"),
        text("kind"),
        text_or_null("from_id"),
        text_or_null("from_name"),
        text_or_null("locale"),
        text_or_null("content_type"),
        text_or_null("content"),
        small("content_chars"),
        small("content_words"),
        number_or_null("text_fingerprint"),
        number_or_null("text_template"),
        number_or_null("text_head"),
        number_or_null("text_tail"),
        Field::new("text_style", DataType::Int32, true),
        text_or_null("signs"),
        text_or_null("mark"),
        list("contexts", context_fields()),
        list("links", link_fields()),
        list("attachments", attachment_fields()),
        list("mentions", mention_fields()),
        text("run_id"),
        time("ingested_at"),
        count("sequence"),
    ]
}

fn users() -> Vec<Field> {
    vec![
        text("tenant_id"),
        text("user_id"),
        count("user_key"),
        text_or_null("user_principal_name"),
        text_or_null("display_name"),
        text_or_null("mail"),
        text_or_null("department"),
        text_or_null("job_title"),
        text_or_null("office_location"),
        text_or_null("country"),
        text_or_null("company_name"),
        text_or_null("manager_id"),
        Field::new("account_enabled", DataType::Boolean, true),
        text_or_null("user_type"),
        time_or_null("created_at"),
        flag("licensed"),
        text("state"),
        text("run_id"),
        time("valid_from"),
        time_or_null("valid_to"),
    ]
}

fn licenses() -> Vec<Field> {
    vec![
        text("tenant_id"),
        text("run_id"),
        time("observed_at"),
        text("sku_id"),
        text_or_null("sku_part_number"),
        flag("has_copilot_chat"),
        count("enabled"),
        count("suspended"),
        count("warning"),
        count("locked_out"),
        count("consumed"),
        text("service_plan_ids"),
    ]
}

fn license_assignments() -> Vec<Field> {
    vec![
        text("tenant_id"),
        text("user_id"),
        text("sku_id"),
        flag("licensed"),
        text("status"),
        time_or_null("assigned_at"),
        text("run_id"),
        time("valid_from"),
        time_or_null("valid_to"),
    ]
}

fn usage_reports() -> Vec<Field> {
    let mut fields = vec![
        text("tenant_id"),
        day("report_refresh_date"),
        small("report_period"),
        text("report_version"),
        text_or_null("user_id"),
        text("user_principal_name"),
        text_or_null("display_name"),
        flag("concealed"),
    ];
    fields.extend(UsageColumn::ALL.map(|column| Field::new(column.name(), DataType::Date32, true)));
    fields.extend([
        number_or_null("prompts_submitted"),
        number_or_null("prompts_submitted_copilot_chat_work"),
        number_or_null("prompts_submitted_copilot_chat_web"),
        number_or_null("active_usage_days"),
        text_or_null("other_columns"),
        text("run_id"),
        time("fetched_at"),
    ]);
    fields
}

fn usage_summary() -> Vec<Field> {
    vec![
        text("tenant_id"),
        day("report_refresh_date"),
        small("report_period"),
        text("report_version"),
        text("app"),
        number_or_null("enabled_users"),
        number_or_null("active_users"),
        number_or_null("prompts_submitted"),
        Field::new("average_prompts", DataType::Float64, true),
        text("run_id"),
        time("fetched_at"),
    ]
}

fn usage_trend() -> Vec<Field> {
    vec![
        text("tenant_id"),
        day("report_refresh_date"),
        day("report_date"),
        text("report_version"),
        text("app"),
        number_or_null("enabled_users"),
        number_or_null("active_users"),
        number_or_null("prompts_submitted"),
        text("run_id"),
        time("fetched_at"),
    ]
}

fn runs() -> Vec<Field> {
    vec![
        text("run_id"),
        text("tenant_id"),
        text("command"),
        time("started_at"),
        time_or_null("ended_at"),
        text("status"),
        count("users_asked"),
        count("users_failed"),
        count("rows_new"),
        count("rows_changed"),
        count("pages"),
        count("requests"),
        count("throttled"),
        count("unkept"),
        count("users_deferred"),
        text_or_null("directory_link"),
        text_or_null("error"),
        text("hobbs_version"),
    ]
}

fn coverage() -> Vec<Field> {
    vec![
        text("tenant_id"),
        text("user_id"),
        count("from_ms"),
        count("to_ms"),
        text_or_null("apps"),
        flag("whole"),
        count("rows"),
        count("pages"),
        text_or_null("error_code"),
        text_or_null("error"),
        text("run_id"),
        time("recorded_at"),
    ]
}

// Engines have no common way to subtract dates: so each date of a derived table stands beside its
// number, and no query has to work out a Monday or a month for each row.

/// One prompt with its responses. The key is (thread_key, first_id).
fn exchanges() -> Vec<Field> {
    vec![
        text("tenant_id"),
        text("user_id"),
        count("user_key"),
        text_or_null("session_id"),
        count("thread_key"),
        count("conversation_key"),
        text_or_null("request_id"),
        text("first_id"),
        text_or_null("prompt_id"),
        time("started_at"),
        time_or_null("first_response_at"),
        time_or_null("last_response_at"),
        Field::new("reply_seconds", DataType::Float64, true),
        Field::new("reply_ms", DataType::Int32, true),
        small("parts"),
        small("prompts"),
        small("responses"),
        small("others"),
        small("noise_parts"),
        text("app"),
        text("app_class"),
        text("surface"),
        text_or_null("locale"),
        text("verdict"),
        text("rule"),
        seconds("confidence"),
        small("prompt_chars"),
        small("prompt_words"),
        number_or_null("prompt_fingerprint"),
        number_or_null("prompt_template"),
        number_or_null("prompt_head"),
        number_or_null("prompt_tail"),
        Field::new("prompt_style", DataType::Int32, true),
        small("response_chars"),
        small("contexts"),
        small("links"),
        small("attachments"),
        text_or_null("resource_kinds"),
        flag("grounded"),
        flag("refused"),
        day("day"),
        day("week"),
        day("month"),
        small("day_number"),
        small("week_number"),
        small("hour"),
        small("weekday"),
        text("rules"),
    ]
}

/// One thread of a user, or one exchange without a session. The key is (thread_key, conversation_key).
fn conversations() -> Vec<Field> {
    vec![
        text("tenant_id"),
        text("user_id"),
        count("user_key"),
        text_or_null("session_id"),
        count("thread_key"),
        count("conversation_key"),
        time("started_at"),
        time("ended_at"),
        seconds("span_seconds"),
        count("span_ms"),
        small("turns"),
        small("typed"),
        small("clicked"),
        small("automatic"),
        small("system"),
        small("noise"),
        small("unknown"),
        text("apps"),
        text("app"),
        text("surface"),
        day("day"),
        day("week"),
        day("month"),
        small("day_number"),
        small("week_number"),
        text("rules"),
    ]
}

/// What an exchange had before it or cites. The key is (thread_key, first_id, ordinal).
fn resources() -> Vec<Field> {
    vec![
        text("tenant_id"),
        count("user_key"),
        count("thread_key"),
        count("conversation_key"),
        text("first_id"),
        small("ordinal"),
        time("started_at"),
        day("day"),
        day("week"),
        day("month"),
        small("day_number"),
        small("week_number"),
        text("app"),
        text("verdict"),
        text("role"),
        text_or_null("kind"),
        text_or_null("host"),
        text_or_null("site"),
        text("rules"),
    ]
}

/// Secrets of the lake itself. In a folder of its own, so that it can be guarded apart.
fn keys() -> Vec<Field> {
    vec![text("name"), text("value")]
}
