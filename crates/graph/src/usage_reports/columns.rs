//! The columns of a report, known by their names: whatever their case, spaces and order, in CSV
//! (`Word Copilot Last Activity Date`) and in JSON (`wordCopilotLastActivityDate`).

use std::collections::{BTreeSet, HashMap};

use super::report::Row;

/// What is left of a name when case, spaces and marks are taken away.
pub(super) fn key(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The name of a column that came before, and so many times after that.
fn name_again(name: &str, times: usize) -> String {
    match times {
        0 => format!("{name} (again)"),
        times => format!("{name} (again {})", times + 1),
    }
}

/// One column: its name, and what it is, where that is known.
pub(super) struct Named<C> {
    pub(super) name: String,
    pub(super) column: Option<C>,
}

/// The columns met so far.
pub(super) struct Columns<R: Row> {
    named: Vec<Named<R::Column>>,
    by_name: HashMap<String, usize>,
}

impl<R: Row> Columns<R> {
    pub(super) fn new() -> Self {
        Self {
            named: Vec::new(),
            by_name: HashMap::new(),
        }
    }

    /// The columns that a header names, in its order. A column that comes twice is known the first time and kept as
    /// an unknown one after that, under a name of its own.
    pub(super) fn of_header<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut columns = Self::new();
        let mut repeats: HashMap<String, usize> = HashMap::new();
        for name in names {
            let mut name = name.trim().to_owned();
            if name.is_empty() {
                name = format!("column {}", columns.named.len() + 1);
            }
            if columns.by_name.contains_key(&name) {
                // Numbered, so that names stay short however often one comes.
                let times = repeats.entry(name.clone()).or_default();
                while columns.by_name.contains_key(&name_again(&name, *times)) {
                    *times += 1;
                }
                name = name_again(&name, *times);
            }
            columns.add(&name);
        }
        columns
    }

    pub(super) fn named(&self) -> &[Named<R::Column>] {
        &self.named
    }

    /// The column of this name, which need not have been met before.
    pub(super) fn of(&mut self, name: &str) -> &Named<R::Column> {
        let at = match self.by_name.get(name) {
            Some(at) => *at,
            None => self.add(name),
        };
        &self.named[at]
    }

    fn add(&mut self, name: &str) -> usize {
        let at = self.named.len();
        let is_new = |column: &R::Column| {
            let mut known = self.named.iter().filter_map(|named| named.column.as_ref());
            known.all(|other| other != column)
        };
        let column = R::column(name).filter(is_new);
        self.named.push(Named {
            name: name.to_owned(),
            column,
        });
        self.by_name.insert(name.to_owned(), at);
        at
    }

    /// Whether any column is known.
    pub(super) fn are_of_a_report(&self) -> bool {
        self.named.iter().any(|named| named.column.is_some())
    }

    /// The names of those that are not.
    pub(super) fn unknown(&self) -> BTreeSet<String> {
        self.named
            .iter()
            .filter(|named| named.column.is_none())
            .map(|named| named.name.clone())
            .collect()
    }
}
