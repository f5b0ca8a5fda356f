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
use hobbs_report::scope::text_literal;
use hobbs_report::{Lines, Order, ReportRow, RowKind, Scope, Source, SourceError};
use serde::Deserialize;
use serde_json::{Deserializer, Map, Value};
use std::borrow::Cow;

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

    async fn rows(
        &self,
        scope: &Scope,
        order: Order,
    ) -> Result<BoxStream<'static, Result<Vec<ReportRow>, SourceError>>, SourceError> {
        let queries: Vec<String> = self
            .pieces(scope, order)
            .await?
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

impl LakeSource {
    /// Conditions that cut the rows into pieces, in the order asked: by user, or by hour. One user, or
    /// one hour, is never cut.
    async fn pieces(&self, scope: &Scope, order: Order) -> Result<Vec<String>, SourceError> {
        let (key, column) = match order {
            Order::Conversation => ("user_id", "user_id"),
            Order::Time => ("date_trunc('hour', created_at)", "created_at"),
        };
        let sql = format!(
            "SELECT {key} AS key, count(*) AS n FROM interactions WHERE {} GROUP BY {key} ORDER BY {key}",
            scope.interactions()
        );
        let mut cuts = Cuts::of(PIECE_ROWS);
        let mut lines = self.reader.lines(&sql).await.map_err(SourceError::lake)?;
        while let Some(some) = lines.try_next().await.map_err(SourceError::lake)? {
            for count in Deserializer::from_slice(&some).into_iter::<Count>() {
                let Count { key, n } = count.map_err(SourceError::lake)?;
                cuts.add(key, n);
            }
        }
        Ok(cuts.conditions(column))
    }
}

/// Rows of one user, or of one hour.
#[derive(Deserialize)]
struct Count {
    key: String,
    n: u64,
}

/// Where the rows are cut into pieces.
struct Cuts {
    rows_max: u64,
    /// The first key of each piece but the first.
    at: Vec<String>,
    /// Rows of the last piece.
    rows: u64,
}

impl Cuts {
    fn of(rows_max: u64) -> Self {
        Cuts {
            rows_max,
            at: Vec::new(),
            rows: 0,
        }
    }

    /// Takes the next key and how many rows it has. Rows of one key stay together.
    fn add(&mut self, key: String, rows: u64) {
        if self.rows > 0 && self.rows + rows > self.rows_max {
            self.at.push(key);
            self.rows = 0;
        }
        self.rows += rows;
    }

    /// A condition for each piece, which together hold of every row once.
    fn conditions(&self, column: &str) -> Vec<String> {
        let cuts = || self.at.iter().map(|key| Some(text_literal(key)));
        let from = std::iter::once(None).chain(cuts());
        let to = cuts().chain(std::iter::once(None));
        from.zip(to)
            .map(|ends| match ends {
                (None, None) => "TRUE".to_owned(),
                (Some(from), None) => format!("{column} >= {from}"),
                (None, Some(to)) => format!("{column} < {to}"),
                (Some(from), Some(to)) => format!("{column} >= {from} AND {column} < {to}"),
            })
            .collect()
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(rows_max: u64, counts: &[(&str, u64)]) -> Vec<String> {
        let mut cuts = Cuts::of(rows_max);
        for (key, rows) in counts {
            cuts.add((*key).to_owned(), *rows);
        }
        cuts.conditions("user_id")
    }

    #[test]
    fn rows_that_fit_are_one_piece() {
        assert_eq!(conditions(10, &[]), ["TRUE"]);
        assert_eq!(conditions(10, &[("a", 4), ("b", 6)]), ["TRUE"]);
    }

    #[test]
    fn pieces_meet_and_no_key_is_cut() {
        let counts = [("a", 25), ("b", 4), ("c", 6), ("o'neill", 1), ("z", 10)];
        assert_eq!(
            conditions(10, &counts),
            [
                "user_id < 'b'",
                "user_id >= 'b' AND user_id < 'o''neill'",
                "user_id >= 'o''neill' AND user_id < 'z'",
                "user_id >= 'z'",
            ]
        );
    }
}
