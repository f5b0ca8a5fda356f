//! A metric: its definition, and its SQL.

use crate::error::{FileError, NotKnown, NotSliced};
use crate::parameters::{Parameters, Slice, list};
use crate::{built_in, header, named, scope};

/// One number, or one table of numbers, that hobbs shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    pub(crate) name: String,
    pub(crate) question: String,
    pub(crate) unit: String,
    pub(crate) caveats: String,
    pub(crate) grain: Vec<String>,
    pub(crate) columns: Vec<String>,
    pub(crate) slices: Vec<Slice>,
    pub(crate) days: u32,
    pub(crate) on_request: bool,
    pub(crate) body: String,
}

impl Metric {
    /// All that are built in, by name.
    #[must_use]
    pub fn all() -> &'static [Metric] {
        built_in::all()
    }

    /// The one of this name.
    ///
    /// # Errors
    /// [`NotKnown`], with the nearest name, where there is none.
    pub fn named(name: &str) -> Result<&'static Metric, NotKnown> {
        Metric::all()
            .iter()
            .find(|metric| metric.name == name)
            .ok_or_else(|| NotKnown {
                name: name.to_owned(),
                nearest: named::nearest(name, Metric::all().iter().map(Metric::name)),
            })
    }

    /// Reads a file, say one that a user wrote. `file` is its name without folder and ending.
    ///
    /// # Errors
    /// [`FileError`] where the header is not whole, or the SQL can't do without `slice`.
    pub fn parse(file: &str, text: &str) -> Result<Metric, FileError> {
        header::parse(file, text)
    }

    /// Its name, which is its file's.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it answers.
    #[must_use]
    pub fn question(&self) -> &str {
        &self.question
    }

    /// What its numbers count.
    #[must_use]
    pub fn unit(&self) -> &str {
        &self.unit
    }

    /// What it does not show, and how it is to be read.
    #[must_use]
    pub fn caveats(&self) -> &str {
        &self.caveats
    }

    /// The columns of which no two rows share the values. The first is `slice`, which is there only
    /// where the metric is divided.
    #[must_use]
    pub fn grain(&self) -> &[String] {
        &self.grain
    }

    /// What it can be divided by.
    #[must_use]
    pub fn slices(&self) -> &[Slice] {
        &self.slices
    }

    /// Days of the window, if nobody says otherwise.
    #[must_use]
    pub fn days(&self) -> u32 {
        self.days
    }

    /// It is shown only to those who ask for it by name.
    #[must_use]
    pub fn on_request(&self) -> bool {
        self.on_request
    }

    /// The SQL of its file, as it stands there.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The names of the columns that the SQL gives, in their order.
    #[must_use]
    pub fn columns(&self, slice: Option<Slice>) -> Vec<&str> {
        let unsliced = usize::from(slice.is_none());
        let grain = self.grain.iter().skip(unsliced);
        grain.chain(&self.columns).map(String::as_str).collect()
    }

    /// The whole SQL: what is in scope, the metric, and the order of its rows.
    ///
    /// It names the tables `exchanges`, `conversations`, `resources` and `users` of the lake, and
    /// runs unchanged on DataFusion, DuckDB and Spark.
    ///
    /// # Errors
    /// [`NotSliced`] where it has no meaning by that slice.
    pub fn sql(&self, parameters: &Parameters) -> Result<String, NotSliced> {
        match parameters.slice {
            Some(by) if !self.slices.contains(&by) => Err(NotSliced {
                metric: self.name.clone(),
                by,
                allowed: list(&self.slices),
            }),
            _ => Ok(scope::whole(self, parameters)),
        }
    }
}
