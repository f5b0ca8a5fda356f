//! Queries with a row or more for each user, taken user by user: each is asked once, and of several
//! side by side only what belongs to one user is in memory.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::marker::PhantomData;
use std::ops::Range;

use futures::TryStreamExt;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::query::Query;
use crate::source::{Lines, Source, SourceError};

/// The rows of one query, which come in the order of their column `user_id`.
pub(crate) struct ByUser<T> {
    query: &'static str,
    lines: Lines,
    /// What has come of them.
    some: Vec<u8>,
    /// Where the next row lies in it, without its line end.
    row: Range<usize>,
    /// Whose row that is; None where there is no more.
    user: Option<String>,
    rows: PhantomData<fn() -> T>,
}

/// What is read of a row before anybody wants it.
#[derive(Deserialize)]
struct Owner<'a> {
    #[serde(borrow)]
    user_id: Cow<'a, str>,
}

impl<T: DeserializeOwned> ByUser<T> {
    /// Asks for the rows of a file, whose last line is to sort them by `user_id`.
    ///
    /// # Errors
    /// The source's.
    pub(crate) async fn ask(
        source: &dyn Source,
        query: Query,
        places: &[(&str, &str)],
    ) -> Result<Self, SourceError> {
        let lines = source.sorted_lines(&query.with(places)).await?;
        ByUser::reading(query.name, lines).await
    }

    /// Reads what comes of a query that was asked.
    ///
    /// # Errors
    /// As [`ByUser::ask`].
    pub(crate) async fn reading(query: &'static str, lines: Lines) -> Result<Self, SourceError> {
        let mut rows = ByUser {
            query,
            lines,
            some: Vec::new(),
            row: 0..0,
            user: None,
            rows: PhantomData,
        };
        rows.advance().await?;
        Ok(rows)
    }

    /// Whose row is the next; None where there is no more.
    pub(crate) fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The rows of a user, in the order in which they come. Rows of users before are passed over:
    /// who asks for one user after the other asks in the order of their ids.
    ///
    /// # Errors
    /// The source's; rows of another shape, or in another order.
    pub(crate) async fn of(&mut self, user_id: &str) -> Result<Vec<T>, SourceError> {
        let mut rows = Vec::new();
        while let Some(order) = self.user().map(|user| user.cmp(user_id)) {
            match order {
                Ordering::Less => {}
                Ordering::Equal => rows.push(self.parsed(self.row.clone())?),
                Ordering::Greater => break,
            }
            self.advance().await?;
        }
        Ok(rows)
    }

    /// Goes to the next row.
    async fn advance(&mut self) -> Result<(), SourceError> {
        let mut from = self.row.end;
        loop {
            let rest = self.some.get(from..).unwrap_or_default();
            let blank = rest.iter().take_while(|byte| **byte == b'\n').count();
            if blank < rest.len() {
                from += blank;
                break;
            }
            match self.lines.try_next().await? {
                Some(some) => (self.some, from) = (some, 0),
                None => {
                    self.user = None;
                    return Ok(());
                }
            }
        }
        let rest = self.some[from..].iter();
        let length = rest.take_while(|byte| **byte != b'\n').count();
        self.row = from..from + length;
        let Owner { user_id } = self.parsed(self.row.clone())?;
        let another = match self.user().map(|before| before.cmp(&*user_id)) {
            Some(Ordering::Equal) => return Ok(()),
            Some(Ordering::Greater) => return Err(SourceError::Unordered { query: self.query }),
            Some(Ordering::Less) | None => user_id.into_owned(),
        };
        self.user = Some(another);
        Ok(())
    }

    fn parsed<'a, R: Deserialize<'a>>(&'a self, row: Range<usize>) -> Result<R, SourceError> {
        serde_json::from_slice(&self.some[row]).map_err(|source| SourceError::Shape {
            query: self.query,
            source,
        })
    }
}
