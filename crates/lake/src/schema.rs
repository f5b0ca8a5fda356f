//! The tables and their columns. Names follow Graph's, in snake_case.
//!
//! Times are microseconds in UTC: a timestamp without a zone would lift a table to reader 3 and
//! writer 7 of the Delta protocol, which fewer readers open.

use std::sync::Arc;

use deltalake::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};

/// The version of the tables' layout. A lake of a newer version is refused untouched.
pub(crate) const LAKE_VERSION: u32 = 1;

/// The tables of a lake, in the order in which they are created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TableName {
    Interactions,
    Users,
    Licenses,
    Runs,
    Coverage,
}

impl TableName {
    pub(crate) const ALL: [TableName; 5] = [
        TableName::Interactions,
        TableName::Users,
        TableName::Licenses,
        TableName::Runs,
        TableName::Coverage,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            TableName::Interactions => "interactions",
            TableName::Users => "users",
            TableName::Licenses => "licenses",
            TableName::Runs => "runs",
            TableName::Coverage => "coverage",
        }
    }

    pub(crate) fn schema(self) -> SchemaRef {
        Arc::new(Schema::new(match self {
            TableName::Interactions => interactions(),
            TableName::Users => users(),
            TableName::Licenses => licenses(),
            TableName::Runs => runs(),
            TableName::Coverage => coverage(),
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
        Field::new("content_chars", DataType::Int32, false),
        Field::new("content_words", DataType::Int32, false),
        text_or_null("mark"),
        list("contexts", context_fields()),
        list("links", link_fields()),
        list("attachments", attachment_fields()),
        list("mentions", mention_fields()),
        text("run_id"),
        time("ingested_at"),
    ]
}

fn users() -> Vec<Field> {
    vec![
        text("tenant_id"),
        text("user_id"),
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
        flag("licensed"),
        text("state"),
        text("run_id"),
        time("valid_from"),
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
    ]
}

fn runs() -> Vec<Field> {
    vec![
        text("run_id"),
        text("tenant_id"),
        text("command"),
        time("started_at"),
        Field::new("ended_at", time_type(), true),
        text("status"),
        count("users_asked"),
        count("users_failed"),
        count("rows_new"),
        count("rows_changed"),
        count("pages"),
        count("requests"),
        count("throttled"),
        count("unkept"),
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
