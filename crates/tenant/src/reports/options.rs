//! How reports may be made strange.

/// How a report in CSV reaches the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReportDelivery {
    /// 302 to a download address that needs no token, and answers 400 to whoever brings one.
    #[default]
    Redirect,
    /// 200 with the report itself.
    AtOnce,
}

/// Something strange about a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReportOddity {
    /// Columns that nobody knows yet: `Whiteboard Copilot Last Activity Date` and `Favorite Color`.
    AddedColumns,
    /// The columns of Loop are gone.
    MissingColumn,
    /// The columns come the other way round.
    OtherOrder,
    /// Every third user's display name has a comma, quotes and a line break.
    StrangeNames,
    /// CSV without the byte-order mark.
    NoMark,
    /// CSV whose lines end with a line feed alone.
    LineFeeds,
    /// In JSON, null in place of an empty date.
    NullDates,
}
