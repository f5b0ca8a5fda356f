//! Why Microsoft's numbers and ours differ.
//!
//! A reason is given only where the facts prove that it can account for the difference:
//!
//! | reason | what proves it |
//! | --- | --- |
//! | `same` | both name the day of the last exchange that anybody typed, nothing that may count is later; the count is that of typed and clicked exchanges |
//! | `report_not_refreshed` | what is ours alone began after the last day that the report covers |
//! | `automatic_only` | the days that one side alone has hold automatic exchanges and none that was typed, clicked or undecided; the count lies between asked and asked with automatic |
//! | `clicked_only` | on Microsoft's day somebody clicked and nobody typed; the count is that of clicked exchanges and nothing was typed |
//! | `undecided` | the same as for automatic, but with exchanges that no accepted rule explains, or with ready-made prompts in Word that got no answer: nothing tells whether somebody pressed them or a document that opened sent them |
//! | `outside_window` | Microsoft's day lies before the first moment that was read, and no reading of it failed; or an exchange of ours lies on that very day in the tenant's time zone; or all of ours is older than the report's period and Microsoft gives no day |
//! | `history_not_whole` | a gap of this user's coverage touches Microsoft's day (for a count: the period) |
//! | `license_missing` | the user is known without a license on each of the days in question: on all the days that are ours alone; in a gap on Microsoft's day, or from some moment of that gap on, if no reading of it failed for another reason; at the refresh, for who is not in the report |
//! | `app_without_column` | the days or counts that one side alone has lie in apps that the report has no column for (all apps only) |
//! | `no_counterpart` | the day stands in a column that no interaction can feed |
//! | `concealed` | the report hides names, so that its row belongs to nobody here |
//! | `unexplained` | none of these |
//!
//! Microsoft counts an automatic insight only if the user viewed it, which the interaction history
//! cannot show. So `automatic_only` goes both ways: a day that is Microsoft's, and one that is not.
//!
//! **Which one leads.** A line can need several reasons. If one part of the difference is
//! unexplained, the line is `unexplained`, whatever explains the rest. Otherwise the one leads that
//! stands earliest here: `concealed`, `license_missing`, `history_not_whole`, `outside_window`,
//! `app_without_column`, `no_counterpart`, `undecided`, `automatic_only`, `report_not_refreshed`,
//! `clicked_only`. So what is missing goes before what is merely counted otherwise, and the refresh
//! leads where, up to the last day that the report covers, a person did what both name. The others
//! are told besides.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::spans::Span;

/// The code of a reason, the same from version to version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// No difference.
    Same,
    /// Later than what the report covers.
    ReportNotRefreshed,
    /// Automatic exchanges alone.
    AutomaticOnly,
    /// Clicked, not typed.
    ClickedOnly,
    /// Exchanges of which nothing tells who asked.
    Undecided,
    /// Before what was read or reported, or on another day by the time zone.
    OutsideWindow,
    /// A gap in what was read.
    HistoryNotWhole,
    /// Without a license at the time.
    LicenseMissing,
    /// In an app without a column.
    AppWithoutColumn,
    /// In a column that no interaction can feed.
    NoCounterpart,
    /// The report hides names.
    Concealed,
    /// None of these.
    Unexplained,
}

impl Code {
    /// All, in the order in which reports show them.
    pub const ALL: [Code; 12] = [
        Code::Same,
        Code::ReportNotRefreshed,
        Code::AutomaticOnly,
        Code::ClickedOnly,
        Code::Undecided,
        Code::OutsideWindow,
        Code::HistoryNotWhole,
        Code::LicenseMissing,
        Code::AppWithoutColumn,
        Code::NoCounterpart,
        Code::Concealed,
        Code::Unexplained,
    ];

    /// As it stands in JSON and CSV.
    pub fn id(self) -> &'static str {
        match self {
            Code::Same => "same",
            Code::ReportNotRefreshed => "report_not_refreshed",
            Code::AutomaticOnly => "automatic_only",
            Code::ClickedOnly => "clicked_only",
            Code::Undecided => "undecided",
            Code::OutsideWindow => "outside_window",
            Code::HistoryNotWhole => "history_not_whole",
            Code::LicenseMissing => "license_missing",
            Code::AppWithoutColumn => "app_without_column",
            Code::NoCounterpart => "no_counterpart",
            Code::Concealed => "concealed",
            Code::Unexplained => "unexplained",
        }
    }

    /// What it means, in a few words.
    pub fn says(self) -> &'static str {
        match self {
            Code::Same => "no difference",
            Code::ReportNotRefreshed => "later than what the report covers",
            Code::AutomaticOnly => "automatic exchanges alone, which count only if viewed",
            Code::ClickedOnly => "ready-made prompts pressed, nothing typed",
            Code::Undecided => "exchanges of which nothing tells who asked",
            Code::OutsideWindow => {
                "before what was read or reported, or a day apart by the time zone"
            }
            Code::HistoryNotWhole => "the history here has a gap at that time",
            Code::LicenseMissing => "without a license at that time",
            Code::AppWithoutColumn => "in an app that the report has no column for",
            Code::NoCounterpart => "in a column that no interaction can feed",
            Code::Concealed => "the report hides names",
            Code::Unexplained => "none of these reasons is proved",
        }
    }

    /// The smaller leads. See the module's own words.
    fn rank(self) -> u8 {
        match self {
            Code::Unexplained => 0,
            Code::Concealed => 1,
            Code::LicenseMissing => 2,
            Code::HistoryNotWhole => 3,
            Code::OutsideWindow => 4,
            Code::AppWithoutColumn => 5,
            Code::NoCounterpart => 6,
            Code::Undecided => 7,
            Code::AutomaticOnly => 8,
            Code::ReportNotRefreshed => 9,
            Code::ClickedOnly => 10,
            Code::Same => 11,
        }
    }
}

/// A stretch of time with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// None means since the beginning.
    pub from: Option<Timestamp>,
    /// Exclusive; None means still.
    pub to: Option<Timestamp>,
    /// The code of the failed reading, or `not_read`, `never_read`, `unknown_user`; of a time without
    /// a license `not_licensed`.
    pub code: String,
}

impl Gap {
    /// A stretch in UTC milliseconds; the ends of time stand for none.
    pub fn of(span: Span, code: &str) -> Gap {
        Gap {
            from: (span.from_ms() > 0)
                .then(|| Timestamp::from_millisecond(span.from_ms()).ok())
                .flatten(),
            to: Timestamp::from_millisecond(span.to_ms()).ok(),
            code: code.to_owned(),
        }
    }

    fn in_words(&self) -> String {
        let day = |time: Timestamp| time.strftime("%Y-%m-%d %H:%M UTC").to_string();
        let from = self.from.map_or("the beginning".to_owned(), day);
        let to = self.to.map_or("now".to_owned(), day);
        format!("from {from} to {to}")
    }
}

/// Why something lies outside of what the other side can know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside {
    /// Microsoft's day lies before the first moment that was read.
    BeforeRead(Date),
    /// In the tenant's time zone ours lies on that very day.
    TimeZone,
    /// All of ours is older than the report's period.
    BeforePeriod(Date),
}

/// A reason with what proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// No difference.
    Same,
    /// Ours go on after the report's last day.
    ReportNotRefreshed(Date),
    /// Days or counts of automatic exchanges alone.
    AutomaticOnly,
    /// Somebody clicked, nobody typed.
    ClickedOnly,
    /// Exchanges that no accepted rule explains.
    Undecided,
    /// Outside of what one side can know.
    OutsideWindow(Outside),
    /// This gap.
    HistoryNotWhole(Gap),
    /// This time without a license.
    LicenseMissing(Gap),
    /// In this app, as people call it.
    AppWithoutColumn(String),
    /// In this column.
    NoCounterpart(String),
    /// Nobody can be named.
    Concealed,
    /// Nothing proves a reason.
    Unexplained,
}

impl Reason {
    /// Its code.
    pub fn code(&self) -> Code {
        match self {
            Reason::Same => Code::Same,
            Reason::ReportNotRefreshed(_) => Code::ReportNotRefreshed,
            Reason::AutomaticOnly => Code::AutomaticOnly,
            Reason::ClickedOnly => Code::ClickedOnly,
            Reason::Undecided => Code::Undecided,
            Reason::OutsideWindow(_) => Code::OutsideWindow,
            Reason::HistoryNotWhole(_) => Code::HistoryNotWhole,
            Reason::LicenseMissing(_) => Code::LicenseMissing,
            Reason::AppWithoutColumn(_) => Code::AppWithoutColumn,
            Reason::NoCounterpart(_) => Code::NoCounterpart,
            Reason::Concealed => Code::Concealed,
            Reason::Unexplained => Code::Unexplained,
        }
    }

    /// The stretch of time that proves it, where one does.
    pub fn gap(&self) -> Option<&Gap> {
        match self {
            Reason::HistoryNotWhole(gap) | Reason::LicenseMissing(gap) => Some(gap),
            _ => None,
        }
    }

    /// The same in plain words.
    pub fn sentence(&self) -> String {
        match self {
            Reason::Same => "Both say the same.".to_owned(),
            Reason::ReportNotRefreshed(day) => format!("Microsoft's report covers the days up to {day} and knows nothing later; what is later stands here already."),
            Reason::AutomaticOnly => "The two differ by automatic exchanges alone: Microsoft counts one only if the user viewed it, which the history cannot show.".to_owned(),
            Reason::ClickedOnly => "What Microsoft counts here was a ready-made prompt that the user pressed; nothing was typed.".to_owned(),
            Reason::Undecided => "The two differ by exchanges of which nothing tells who asked.".to_owned(),
            Reason::OutsideWindow(Outside::BeforeRead(day)) => format!("Microsoft's day lies before {day}, where the history read here begins."),
            Reason::OutsideWindow(Outside::TimeZone) => "The same activity, a day apart: near midnight the day of the tenant's time zone is not that of UTC.".to_owned(),
            Reason::OutsideWindow(Outside::BeforePeriod(day)) => format!("All that is here is older than {day}, where the report's period begins."),
            Reason::HistoryNotWhole(gap) => format!("The history here is not whole {} ({}).", gap.in_words(), gap.code),
            Reason::LicenseMissing(gap) => format!("The user had no license {}.", gap.in_words()),
            Reason::AppWithoutColumn(app) => format!("The difference lies in {app}, which Microsoft's report has no column for."),
            Reason::NoCounterpart(column) => format!("Microsoft's day stands in its column {column}, which no interaction in the history can feed."),
            Reason::Concealed => "Microsoft's report hides names in this tenant, so its line cannot be set beside anybody here.".to_owned(),
            Reason::Unexplained => "Nothing here proves a reason.".to_owned(),
        }
    }
}

/// The reasons that a difference needs, the leading one first, each code once; never empty.
pub(crate) fn ordered(mut reasons: Vec<Reason>) -> Vec<Reason> {
    reasons.sort_by_key(|reason| reason.code().rank());
    reasons.dedup_by_key(|reason| reason.code());
    if reasons.len() > 1 {
        reasons.retain(|reason| *reason != Reason::Same);
    }
    if reasons.is_empty() {
        reasons.push(Reason::Same);
    }
    reasons
}
