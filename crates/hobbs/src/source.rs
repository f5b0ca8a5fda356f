//! The lake as the reports see it.

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use hobbs_interaction::wire::{Attachment, Context, Link, Mention};
use hobbs_lake::arrow::array::{
    Array, ArrayRef, AsArray, Int32Array, ListArray, RecordBatch, StringArray, StructArray,
    TimestampMicrosecondArray,
};
use hobbs_lake::arrow::compute::cast;
use hobbs_lake::arrow::datatypes::{DataType, Int32Type, TimeUnit, TimestampMicrosecondType};
use hobbs_lake::arrow::error::ArrowError;
use hobbs_lake::{LakeError, Reader};
use hobbs_report::{Derived, Lines, Order, ReportRow, RowKind, Scope, Source, SourceError};
use serde_json::{Map, Value};
use std::borrow::Cow;

use crate::pieces::{Key, pieces};

/// A lake that reports can be made of.
pub struct LakeSource {
    reader: Reader,
}

impl LakeSource {
    /// Reports over this lake.
    pub fn new(reader: Reader) -> Self {
        LakeSource { reader }
    }
}

#[async_trait]
impl Source for LakeSource {
    async fn select(&self, sql: &str) -> Result<Vec<Map<String, Value>>, SourceError> {
        self.reader.select(sql).await.map_err(SourceError::lake)
    }

    async fn lines(&self, sql: &str) -> Result<Lines, SourceError> {
        let lines = self.reader.lines(sql).await.map_err(SourceError::lake)?;
        Ok(lines.map_err(SourceError::lake).boxed())
    }

    async fn sorted_lines(&self, sql: &str) -> Result<Lines, SourceError> {
        let lines = self
            .reader
            .sorted_lines(sql)
            .await
            .map_err(SourceError::lake)?;
        Ok(lines.map_err(SourceError::lake).boxed())
    }

    async fn derived(&self) -> Result<Derived, SourceError> {
        let derived = self.reader.derived().await.map_err(SourceError::lake)?;
        Ok(match derived {
            hobbs_lake::Derived::All => Derived::All,
            hobbs_lake::Derived::AllBut {
                interactions,
                after,
            } => Derived::AllBut {
                interactions,
                after,
            },
            hobbs_lake::Derived::Nothing => Derived::Nothing,
        })
    }

    async fn rows(
        &self,
        scope: &Scope,
        order: Order,
    ) -> Result<BoxStream<'static, Result<Vec<ReportRow>, SourceError>>, SourceError> {
        let key = match order {
            Order::Conversation => Key::User,
            Order::Time => Key::Hour,
        };
        let queries: Vec<String> = pieces(&self.reader, key, &scope.interactions(), PIECE_ROWS)
            .await
            .map_err(SourceError::lake)?
            .iter()
            .map(|piece| ordered(scope, piece, order))
            .collect();
        let reader = self.reader.clone();
        let rows = stream::iter(queries)
            .then(move |sql| {
                let reader = reader.clone();
                async move { reader.rows(&sql).await.map_err(SourceError::lake) }
            })
            .map_ok(|batches| {
                batches.map(|batch| {
                    let batch = batch.map_err(|error| SourceError::lake(LakeError::from(error)))?;
                    rows(&batch).map_err(SourceError::lake)
                })
            })
            .try_flatten();
        Ok(rows.boxed())
    }
}

/// Rows that are sorted at once, about. What does not fit in memory lies in the temporary folder
/// while a piece is sorted, some two hundred bytes a row without its text; and each piece looks for
/// its rows in all files, so that fewer are faster.
const PIECE_ROWS: u64 = 1_000_000;

fn ordered(scope: &Scope, piece: &str, order: Order) -> String {
    let keys: Vec<String> = order
        .sql()
        .split(", ")
        .map(|column| format!("i.{column}"))
        .collect();
    format!(
        "SELECT i.user_id, u.user_principal_name, u.department, i.session_id, i.interaction_id, i.request_id, \
         i.created_at, i.app, i.app_class, i.surface, i.kind, i.content, i.content_chars, i.mark, \
         i.contexts, i.links, i.attachments, i.mentions, i.from_id, i.from_name \
         FROM (SELECT * FROM interactions WHERE {} AND {piece}) AS i \
         LEFT JOIN users_now AS u ON u.tenant_id = i.tenant_id AND u.user_id = i.user_id \
         ORDER BY {}",
        scope.interactions(),
        keys.join(", "),
    )
}

fn rows(batch: &RecordBatch) -> Result<Vec<ReportRow>, ArrowError> {
    let column = |name: &str| -> Result<&ArrayRef, ArrowError> {
        batch
            .column_by_name(name)
            .ok_or_else(|| ArrowError::SchemaError(format!("no column {name}")))
    };
    let texts = |name: &str| column(name).and_then(Texts::of);
    let (user_id, upn, department) = (
        texts("user_id")?,
        texts("user_principal_name")?,
        texts("department")?,
    );
    let (session_id, interaction_id, request_id) = (
        texts("session_id")?,
        texts("interaction_id")?,
        texts("request_id")?,
    );
    let (app, app_class, surface) = (texts("app")?, texts("app_class")?, texts("surface")?);
    let (kind, content, mark) = (texts("kind")?, texts("content")?, texts("mark")?);
    let (from_id, from_name) = (texts("from_id")?, texts("from_name")?);
    let created = cast(
        column("created_at")?,
        &DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
    )?;
    let created: &TimestampMicrosecondArray = created.as_primitive::<TimestampMicrosecondType>();
    let chars = cast(column("content_chars")?, &DataType::Int32)?;
    let chars: &Int32Array = chars.as_primitive::<Int32Type>();
    let contexts = Structs::of(column("contexts")?)?;
    let links = Structs::of(column("links")?)?;
    let attachments = Structs::of(column("attachments")?)?;
    let mentions = Structs::of(column("mentions")?)?;
    Ok((0..batch.num_rows())
        .map(|at| ReportRow {
            user_id: user_id.get(at).unwrap_or_default(),
            user_principal_name: upn.get(at),
            department: department.get(at),
            session_id: session_id.get(at),
            interaction_id: interaction_id.get(at).unwrap_or_default(),
            request_id: request_id.get(at),
            created_at_ms: created.value(at).div_euclid(1000),
            app: app.get(at).unwrap_or_default(),
            app_class: app_class.get(at).unwrap_or_default(),
            surface: surface.get(at),
            kind: RowKind::from_lake(kind.get(at).as_deref().unwrap_or_default()),
            content: content.get(at),
            content_chars: u32::try_from(chars.value(at)).unwrap_or(0),
            mark: mark.get(at),
            contexts: contexts.get(at, |cell| Context {
                reference: cell("context_reference"),
                display_name: cell("display_name"),
                context_type: cell("context_type"),
            }),
            links: links.get(at, |cell| Link {
                url: cell("link_url"),
                display_name: cell("display_name"),
                link_type: cell("link_type"),
            }),
            attachments: attachments.get(at, |cell| Attachment {
                attachment_id: cell("attachment_id"),
                content_type: cell("content_type"),
                content_url: cell("content_url"),
                content: None,
                name: cell("name"),
            }),
            mentions: mentions.get(at, |cell| Mention {
                mention_id: cell("mention_id"),
                text: cell("mention_text"),
                mentioned: cell("mentioned"),
            }),
            from_id: from_id.get(at),
            from_name: from_name.get(at),
        })
        .collect())
}

/// A column of text, whatever of Arrow's forms of text the engine chose.
struct Texts(StringArray);

impl Texts {
    fn of(column: &ArrayRef) -> Result<Self, ArrowError> {
        let plain = cast(column, &DataType::Utf8)?;
        Ok(Texts(plain.as_string::<i32>().clone()))
    }

    fn get(&self, at: usize) -> Option<String> {
        self.0.is_valid(at).then(|| self.0.value(at).to_owned())
    }
}

/// A column of lists of structs of text.
struct Structs {
    lists: ListArray,
    fields: Vec<(String, Texts)>,
}

impl Structs {
    fn of(column: &ArrayRef) -> Result<Self, ArrowError> {
        let shape = || ArrowError::SchemaError("a list of structs was expected".to_owned());
        let lists = column.as_list_opt::<i32>().ok_or_else(shape)?.clone();
        let structs: &StructArray = lists.values().as_struct_opt().ok_or_else(shape)?;
        let fields = structs
            .fields()
            .iter()
            .zip(structs.columns())
            .map(|(field, column)| Ok((field.name().clone(), Texts::of(column)?)))
            .collect::<Result<_, ArrowError>>()?;
        Ok(Structs { lists, fields })
    }

    fn get<T>(
        &self,
        at: usize,
        read: impl Fn(&dyn Fn(&str) -> Option<Cow<'static, str>>) -> T,
    ) -> Vec<T> {
        if self.lists.is_null(at) {
            return Vec::new();
        }
        let offsets = self.lists.value_offsets();
        let place = |offset: i32| usize::try_from(offset).unwrap_or(0);
        (place(offsets[at])..place(offsets[at + 1]))
            .map(|item| {
                read(&|name: &str| {
                    let (_, texts) = self.fields.iter().find(|(field, _)| field == name)?;
                    texts.get(item).map(Cow::Owned)
                })
            })
            .collect()
    }
}
