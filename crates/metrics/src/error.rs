//! What can be wrong with a file, a name or a wish.

use jiff::civil::Date;

use crate::Slice;

/// A file of a metric that is not as it has to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// A line that must stand in the header is missing.
    #[error("{file}: the header has no line \"-- {line}: …\"")]
    Missing {
        /// The file, without its ending.
        file: String,
        /// The line's word.
        line: &'static str,
    },
    /// A line stands twice.
    #[error("{file}: the header says \"-- {line}: …\" twice")]
    Twice {
        /// The file, without its ending.
        file: String,
        /// The line's word.
        line: String,
    },
    /// A line that nobody would read.
    #[error("{file}: the header's line \"{line}\" is not one of {known}")]
    Unknown {
        /// The file, without its ending.
        file: String,
        /// The line as it stands.
        line: String,
        /// The lines that there are.
        known: String,
    },
    /// The name in the header is not the file's.
    #[error("{file}: the header calls it {name}; name and file must be the same")]
    Name {
        /// The file, without its ending.
        file: String,
        /// The name in the header.
        name: String,
    },
    /// What a line says can't be understood.
    #[error("{file}: the header's line {line} says {found:?}, and should be {wanted}")]
    Value {
        /// The file, without its ending.
        file: String,
        /// The line's word.
        line: &'static str,
        /// What stands there.
        found: String,
        /// What may stand there.
        wanted: &'static str,
    },
    /// The word slice stands where it can't be left out.
    #[error(
        "{file}: \"{found}\" can't be left out where nothing is sliced; write slice first in lists \
         (slice, …), in PARTITION BY slice, in GROUP BY slice, or as a.slice = b.slice AND …"
    )]
    Slice {
        /// The file, without its ending.
        file: String,
        /// The text around it.
        found: String,
    },
}

/// A name that no metric has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no metric {name:?}{}", .nearest.map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default())]
pub struct NotKnown {
    /// The name as it was given.
    pub name: String,
    /// The metric whose name is nearest, if one is near enough.
    pub nearest: Option<&'static str>,
}

/// A metric that has no meaning by this slice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{metric} can't be divided by {by}; it can by {allowed}")]
pub struct NotSliced {
    /// The metric.
    pub metric: String,
    /// What it was to be divided by.
    pub by: Slice,
    /// What it can be divided by.
    pub allowed: String,
}

/// Days that make no window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// It ends before it begins.
    #[error("a window from {first} to {last} has no day")]
    Reversed {
        /// The first day.
        first: Date,
        /// The last day.
        last: Date,
    },
    /// It is longer than any lake, or outside the years that can be reckoned with.
    #[error("a window has between 1 and {most} days, from the year 1970 on")]
    Size {
        /// The most days that a window can have.
        most: i32,
    },
}
