//! The columns of Microsoft's user report, and which classes of interactions feed them. As data:
//! what Microsoft adds is a line here, and until then is named by its own words.

use std::borrow::Cow;

use hobbs_interaction::App;
use hobbs_interaction::app::after_prefix;

/// What can put a date into a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Feeds {
    /// The latest of all the other columns.
    AllApps,
    /// Interactions of these classes (the part after the prefix, in upper or lower case).
    Classes(&'static [&'static str]),
    /// Interactions of the app that people call so.
    App(String),
    /// No interaction that Graph lists: the column has no counterpart.
    Nothing,
}

/// A column of the report that holds a last activity date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What to call it: `Word`, `All apps`.
    pub name: Cow<'static, str>,
    /// Its name in the lake's table `usage_reports`; None for a column that hobbs does not know.
    pub lake: Option<&'static str>,
    /// The app's name in Microsoft's summary and trend; None where these do not have it.
    pub summary: Option<&'static str>,
    /// Only in version 2 of the report.
    pub v2: bool,
    /// What can put a date into it.
    pub feeds: Feeds,
}

const fn known(
    name: &'static str,
    lake: &'static str,
    summary: Option<&'static str>,
    v2: bool,
    feeds: Feeds,
) -> Column {
    Column {
        name: Cow::Borrowed(name),
        lake: Some(lake),
        summary,
        v2,
        feeds,
    }
}

/// The column of all apps together.
pub const ALL_APPS: &str = "All apps";

/// How many columns are known.
pub const KNOWN: usize = 14;

/// The columns that are known, that of all apps first (learn.microsoft.com, copilotReportRoot).
pub static COLUMNS: [Column; KNOWN] = [
    known(
        ALL_APPS,
        "last_activity_date",
        Some("Any App"),
        false,
        Feeds::AllApps,
    ),
    known(
        "Copilot Chat",
        "copilot_chat_last_activity_date",
        Some("Copilot Chat"),
        false,
        Feeds::Classes(&["BizChat", "WebChat"]),
    ),
    known(
        "Microsoft Teams",
        "microsoft_teams_copilot_last_activity_date",
        Some("Microsoft Teams"),
        false,
        Feeds::Classes(&["Teams"]),
    ),
    known(
        "Word",
        "word_copilot_last_activity_date",
        Some("Word"),
        false,
        Feeds::Classes(&["Word"]),
    ),
    known(
        "Excel",
        "excel_copilot_last_activity_date",
        Some("Excel"),
        false,
        Feeds::Classes(&["Excel"]),
    ),
    known(
        "PowerPoint",
        "powerpoint_copilot_last_activity_date",
        Some("PowerPoint"),
        false,
        Feeds::Classes(&["PowerPoint"]),
    ),
    known(
        "Outlook",
        "outlook_copilot_last_activity_date",
        Some("Outlook"),
        false,
        Feeds::Classes(&["Outlook"]),
    ),
    known(
        "OneNote",
        "onenote_copilot_last_activity_date",
        Some("OneNote"),
        false,
        Feeds::Classes(&["OneNote"]),
    ),
    known(
        "Loop",
        "loop_copilot_last_activity_date",
        Some("Loop"),
        false,
        Feeds::Classes(&["Loop"]),
    ),
    known(
        "Copilot Chat (work)",
        "copilot_chat_work_last_activity_date",
        Some("Copilot Chat (work)"),
        true,
        Feeds::Classes(&["BizChat"]),
    ),
    known(
        "Copilot Chat (web)",
        "copilot_chat_web_last_activity_date",
        Some("Copilot Chat (web)"),
        true,
        Feeds::Classes(&["WebChat"]),
    ),
    known(
        "Microsoft 365 Copilot",
        "microsoft_365_copilot_last_activity_date",
        Some("Microsoft 365 Copilot"),
        true,
        Feeds::Nothing,
    ),
    known(
        "Edge",
        "edge_last_activity_date",
        Some("Edge"),
        true,
        Feeds::Nothing,
    ),
    known(
        "Copilot Agent",
        "copilot_agent_last_activity_date",
        None,
        true,
        Feeds::Nothing,
    ),
];

/// Classes that had no column when this was written; a column that is not known may turn out to be
/// theirs.
const WITHOUT_COLUMN: [&str; 12] = [
    "PrivateChat",
    "Whiteboard",
    "Forms",
    "Planner",
    "SharePoint",
    "Stream",
    "Designer",
    "VivaEngage",
    "OfficeCopilotSearchAnswer",
    "OfficeCopilotNotebook",
    "CoworkChat",
    "ThirdPartyCopilot",
];

impl Column {
    /// Whether interactions of this class can put a date into this column. For all apps: never by
    /// themselves, since that column is the latest of the others.
    pub fn is_fed_by(&self, app_class: &str) -> bool {
        match &self.feeds {
            Feeds::AllApps | Feeds::Nothing => false,
            Feeds::Classes(classes) => {
                let part = after_prefix(app_class);
                classes.iter().any(|class| class.eq_ignore_ascii_case(part))
            }
            Feeds::App(name) => App::of(app_class).matches(name),
        }
    }

    /// A column that hobbs does not know, by Microsoft's name for it: `Planner Copilot Last Activity
    /// Date`, or `plannerCopilotLastActivityDate` as JSON writes it. It is fed by the app of that
    /// name if there is one. None if the name is not that of such a column.
    pub fn unknown(microsoft: &str) -> Option<Column> {
        let words = words(microsoft);
        let app = words.strip_suffix("Last Activity Date")?.trim_end();
        let app = app.strip_suffix(" Copilot").unwrap_or(app).trim();
        if app.is_empty() {
            return None;
        }
        let known = WITHOUT_COLUMN
            .iter()
            .any(|class| App::of(class).matches(app) || same_letters(&App::of(class).name, app));
        let feeds = match known {
            true => Feeds::App(own_name(app)),
            false => Feeds::Nothing,
        };
        Some(Column {
            name: Cow::Owned(app.to_owned()),
            lake: None,
            summary: None,
            v2: false,
            feeds,
        })
    }
}

/// What people call the app that Microsoft's column names.
fn own_name(app: &str) -> String {
    WITHOUT_COLUMN
        .iter()
        .map(|class| App::of(class))
        .find(|known| known.matches(app) || same_letters(&known.name, app))
        .map_or_else(|| app.to_owned(), |known| known.name.into_owned())
}

fn same_letters(a: &str, b: &str) -> bool {
    let letters = |text: &str| -> String {
        let kept = text.chars().filter(|c| c.is_alphanumeric());
        kept.flat_map(char::to_lowercase).collect()
    };
    letters(a) == letters(b)
}

/// `plannerCopilotLastActivityDate` as `Planner Copilot Last Activity Date`; other names as they are.
fn words(name: &str) -> Cow<'_, str> {
    let name = name.trim();
    if name.contains(' ') {
        return Cow::Borrowed(name);
    }
    let mut words = String::with_capacity(name.len() + 8);
    let mut before = None;
    for c in name.chars() {
        match before {
            None => words.extend(c.to_uppercase()),
            Some(before) => {
                if c.is_uppercase() && !char::is_uppercase(before) {
                    words.push(' ');
                }
                words.push(c);
            }
        }
        before = Some(c);
    }
    Cow::Owned(words)
}

/// Whether no column among `columns` is fed by the class.
pub fn is_without_column(app_class: &str, columns: &[Column]) -> bool {
    !columns.iter().any(|column| column.is_fed_by(app_class))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFIX: &str = "IPM.SkypeTeams.Message.Copilot.";

    #[test]
    fn each_class_feeds_the_columns_of_its_app() {
        let fed = |class: &str| -> Vec<&'static str> {
            let class = format!("{PREFIX}{class}");
            let fed = COLUMNS.iter().filter(|column| column.is_fed_by(&class));
            fed.filter_map(|column| column.lake).collect()
        };
        assert_eq!(fed("word"), ["word_copilot_last_activity_date"]);
        assert_eq!(
            fed("BizChat"),
            [
                "copilot_chat_last_activity_date",
                "copilot_chat_work_last_activity_date"
            ]
        );
        assert_eq!(
            fed("WebChat"),
            [
                "copilot_chat_last_activity_date",
                "copilot_chat_web_last_activity_date"
            ]
        );
        for without in ["PrivateChat", "Planner", "Whiteboard", "Some.New", ""] {
            assert_eq!(fed(without), [""; 0], "{without}");
            assert!(is_without_column(without, &COLUMNS));
        }
    }

    #[test]
    fn a_column_that_is_not_known_is_named_by_its_app() {
        for name in [
            "Planner Copilot Last Activity Date",
            "plannerCopilotLastActivityDate",
        ] {
            let column = Column::unknown(name).expect("a column");
            assert_eq!(column.name, "Planner");
            assert!(column.is_fed_by(&format!("{PREFIX}Planner")));
            assert!(!column.is_fed_by(&format!("{PREFIX}Word")));
        }
        let engage = Column::unknown("Viva Engage Last Activity Date").expect("a column");
        assert!(engage.is_fed_by(&format!("{PREFIX}VivaEngage")));
        let new = Column::unknown("Hologram Copilot Last Activity Date").expect("a column");
        assert_eq!((&*new.name, new.feeds), ("Hologram", Feeds::Nothing));
        for other in ["Department", "Last Activity Date", "", "Prompts submitted"] {
            assert_eq!(Column::unknown(other), None, "{other}");
        }
    }
}
