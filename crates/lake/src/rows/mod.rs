//! Interactions as columns, from the page in which they were read to the commit that keeps them.
//!
//! A row that is a struct takes a kilobyte and a half in twenty pieces of memory, and tens of
//! thousands of rows are on their way at a time; in a column it takes a third of that, in none of its
//! own.

pub(crate) mod page;

use std::ops::Range;

use deltalake::arrow::array::{Array, AsArray, BooleanArray, RecordBatch, StringArray};
use deltalake::arrow::compute::{concat_batches, filter_record_batch, interleave};
use deltalake::arrow::datatypes::TimestampMicrosecondType;
use deltalake::arrow::error::ArrowError;
use hobbs_interaction::Interaction;

/// Thirty columns have a price, however short they are: pages of fewer rows are joined.
const FEW_ROWS: usize = 32;
/// Rows of a page that was joined, at least.
const PAGE_ROWS: usize = 128;

/// Interactions of one tenant on their way into the lake.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    pages: Vec<RecordBatch>,
    /// Pages of few rows, before they are joined.
    few: Vec<RecordBatch>,
    rows_of_few: usize,
    len: usize,
    text_bytes: usize,
}

impl Rows {
    /// Takes a page of rows in; gives their places, in order.
    pub fn take(&mut self, rows: &[Interaction<'_>]) -> Range<usize> {
        let first = self.len;
        if !rows.is_empty() {
            let texts = rows.iter().filter_map(|row| row.content.as_ref());
            self.text_bytes += texts.map(String::len).sum::<usize>();
            self.len += rows.len();
            self.pages.push(page::of(rows));
        }
        first..self.len
    }

    /// Takes the rows of another in. Places are no longer those that [`Rows::take`] gave.
    pub fn append(&mut self, other: Rows) {
        self.text_bytes += other.text_bytes;
        self.len += other.len;
        for page in other.pages.into_iter().chain(other.few) {
            if page.num_rows() >= FEW_ROWS {
                self.pages.push(page);
                continue;
            }
            self.rows_of_few += page.num_rows();
            self.few.push(page);
            if self.rows_of_few >= PAGE_ROWS {
                self.join_few();
            }
        }
    }

    /// Only the rows at these places, once each; all of them where there are as many.
    #[must_use]
    pub fn only(self, places: &[usize]) -> Rows {
        if places.len() == self.len {
            return self;
        }
        let mut wanted = vec![false; self.len];
        for place in places {
            wanted[*place] = true;
        }
        let text_bytes = self.text_bytes;
        let mut first = 0;
        let pages = self.into_pages().0.into_iter().filter_map(|page| {
            let wanted = wanted[first..first + page.num_rows()].to_vec();
            first += page.num_rows();
            filtered(&page, wanted)
        });
        Rows {
            pages: pages.collect(),
            len: places.len(),
            text_bytes,
            ..Rows::default()
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes that their texts take at most.
    pub fn text_bytes(&self) -> usize {
        self.text_bytes
    }

    fn join_few(&mut self) {
        if !self.few.is_empty() {
            let joined = concat_batches(&page::SCHEMA, &self.few);
            self.pages.push(joined.expect("pages of one schema"));
            self.few.clear();
            self.rows_of_few = 0;
        }
    }

    pub(crate) fn into_pages(mut self) -> Pages {
        self.join_few();
        Pages(self.pages)
    }
}

impl<'a> FromIterator<Interaction<'a>> for Rows {
    fn from_iter<I: IntoIterator<Item = Interaction<'a>>>(rows: I) -> Self {
        let mut all = Rows::default();
        let mut page = Vec::with_capacity(PAGE_ROWS);
        for row in rows {
            page.push(row);
            if page.len() >= PAGE_ROWS {
                all.take(&page);
                page.clear();
            }
        }
        all.take(&page);
        all
    }
}

fn filtered(page: &RecordBatch, wanted: Vec<bool>) -> Option<RecordBatch> {
    let wanted = BooleanArray::from(wanted);
    let rows = filter_record_batch(page, &wanted).expect("a mask of the page's length");
    (rows.num_rows() > 0).then_some(rows)
}

/// Where a row is among pages. In order, rows are in the order of their times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    created_us: i64,
    page: usize,
    row: usize,
}

/// Rows that are to be committed.
#[derive(Debug)]
pub(crate) struct Pages(Vec<RecordBatch>);

/// What makes a row one inside a tenant, and its version. No session and an empty one are the same.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Identity<'a> {
    pub(crate) user_id: &'a str,
    pub(crate) session_id: &'a str,
    pub(crate) interaction_id: &'a str,
    pub(crate) etag: &'a str,
    pub(crate) created_us: i64,
}

impl Pages {
    /// The tenant whose rows these are; None where there are none.
    pub(crate) fn tenant_id(&self) -> Option<&str> {
        Some(text(self.0.first()?, "tenant_id").value(0))
    }

    /// Each row's identity, in order.
    pub(crate) fn identities(&self) -> impl Iterator<Item = (Place, Identity<'_>)> {
        self.0.iter().enumerate().flat_map(|(page, batch)| {
            identities(batch).enumerate().map(move |(row, identity)| {
                let place = Place {
                    created_us: identity.created_us,
                    page,
                    row,
                };
                (place, identity)
            })
        })
    }

    /// The user of a row.
    pub(crate) fn user_id(&self, place: Place) -> &str {
        text(&self.0[place.page], "user_id").value(place.row)
    }

    /// The rows for which this holds.
    pub(crate) fn rows_where(&self, holds: impl Fn(&Identity<'_>) -> bool) -> Rows {
        let mut rows = Rows::default();
        for page in &self.0 {
            let wanted = identities(page).map(|identity| holds(&identity));
            if let Some(page) = filtered(page, wanted.collect()) {
                rows.len += page.num_rows();
                rows.text_bytes += text(&page, "content").value_data().len();
                rows.pages.push(page);
            }
        }
        rows
    }

    /// The rows at these places, in this order, as a commit writes them.
    pub(crate) fn to_commit(
        &self,
        order: &[Place],
        run_id: &str,
        ingested_at_ms: i64,
        sequence: i64,
    ) -> Result<RecordBatch, ArrowError> {
        let order: Vec<(usize, usize)> = order.iter().map(|it| (it.page, it.row)).collect();
        let columns = (0..page::SCHEMA.fields().len()).map(|column| {
            let of_pages: Vec<&dyn Array> =
                self.0.iter().map(|page| &**page.column(column)).collect();
            interleave(&of_pages, &order)
        });
        let columns = columns.collect::<Result<_, _>>()?;
        page::with_commit(columns, order.len(), run_id, ingested_at_ms, sequence)
    }
}

/// The identities of a batch with columns of these names.
pub(crate) fn identities(batch: &RecordBatch) -> impl Iterator<Item = Identity<'_>> {
    let (users, sessions) = (text(batch, "user_id"), text(batch, "session_id"));
    let (ids, etags) = (text(batch, "interaction_id"), text(batch, "etag"));
    let created = created(batch);
    (0..batch.num_rows()).map(move |row| Identity {
        user_id: users.value(row),
        session_id: if sessions.is_null(row) {
            ""
        } else {
            sessions.value(row)
        },
        interaction_id: ids.value(row),
        etag: etags.value(row),
        created_us: created[row],
    })
}

fn text<'a>(batch: &'a RecordBatch, name: &str) -> &'a StringArray {
    let column = batch.column_by_name(name).expect("a column of the table");
    column.as_string::<i32>()
}

fn created(batch: &RecordBatch) -> &[i64] {
    let column = batch.column_by_name("created_at");
    let column = column.expect("a column of the table");
    column.as_primitive::<TimestampMicrosecondType>().values()
}
