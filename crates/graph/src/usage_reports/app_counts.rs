//! Pairs of columns that count users of one app, `Word Enabled Users` and `Word Active Users`. The list of apps is
//! open: whatever pair a report has becomes an [`AppCount`].

use super::cells::count;
use super::columns::key;

/// How many users could use Copilot in an app, and how many did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppCount {
    /// The app as the CSV writes it: `Any App`, `Word`, `Copilot Chat (work)`.
    pub app: String,
    /// `… Enabled Users`.
    pub enabled: Option<i64>,
    /// `… Active Users`.
    pub active: Option<i64>,
}

/// The apps known, in the report's order. JSON has no spaces in their names; this is how they come back.
const KNOWN: [&str; 14] = [
    "Any App",
    "Microsoft Teams",
    "Word",
    "Excel",
    "PowerPoint",
    "Outlook",
    "OneNote",
    "Loop",
    "Copilot Chat",
    "Edge",
    "Microsoft 365 Copilot",
    "Copilot Chat (work)",
    "Copilot Chat (web)",
    "Copilot Agent",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Users {
    Enabled,
    Active,
}

const ENDINGS: [(&str, Users); 2] = [
    ("enabledusers", Users::Enabled),
    ("activeusers", Users::Active),
];

/// Half a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AppCountColumn {
    app: String,
    users: Users,
}

impl AppCountColumn {
    /// The column of this name, if it counts users of an app.
    pub(super) fn named(name: &str) -> Option<Self> {
        let key_of_name = key(name);
        let (app_key, users) = ENDINGS
            .into_iter()
            .find_map(|(ending, users)| Some((key_of_name.strip_suffix(ending)?, users)))?;
        if app_key.is_empty() {
            return None;
        }
        let known = KNOWN.into_iter().find(|known| key(known) == app_key);
        let app = match known {
            Some(known) => known.to_owned(),
            None => app_as_written(name.trim())?,
        };
        Some(Self { app, users })
    }
}

/// The name of an app that is not known: what stands before the last two words.
fn app_as_written(name: &str) -> Option<String> {
    let words: Vec<&str> = name.split_whitespace().collect();
    let app = match words.as_slice() {
        [app @ .., _, _] => app.join(" "),
        _ => {
            let is_end = |(ending, _): &(&str, Users)| {
                let end = name.get(name.len().saturating_sub(ending.len())..);
                end.is_some_and(|end| end.eq_ignore_ascii_case(ending))
            };
            let (ending, _) = ENDINGS.into_iter().find(is_end)?;
            words_of(name.get(..name.len() - ending.len())?.trim()).join(" ")
        }
    };
    (!app.is_empty()).then_some(app)
}

/// `newThing365` is `New Thing365`: a word begins with each capital, unless it stands within capitals.
fn words_of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut was_capital = true;
    for letter in name.chars() {
        match words.last_mut() {
            Some(word) if was_capital || !letter.is_uppercase() => word.push(letter),
            _ => words.push(letter.to_uppercase().collect()),
        }
        was_capital = letter.is_uppercase();
    }
    words
}

/// Takes a cell of such a column.
pub(super) fn set(apps: &mut Vec<AppCount>, column: &AppCountColumn, text: &str) -> bool {
    let Some(users) = count(text) else {
        return false;
    };
    let at = match apps.iter().position(|count| count.app == column.app) {
        Some(at) => at,
        None => {
            apps.push(AppCount {
                app: column.app.clone(),
                enabled: None,
                active: None,
            });
            apps.len() - 1
        }
    };
    match column.users {
        Users::Enabled => apps[at].enabled = Some(users),
        Users::Active => apps[at].active = Some(users),
    }
    true
}

/// In the report's order, apps that are not known behind it by name: whatever the order of the columns.
pub(super) fn in_order(apps: &mut [AppCount]) {
    apps.sort_by(|a, b| place(a).cmp(&place(b)));
}

fn place(count: &AppCount) -> (usize, &str) {
    let known = KNOWN.iter().position(|known| *known == count.app);
    (known.unwrap_or(KNOWN.len()), &count.app)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(name: &str) -> Option<String> {
        AppCountColumn::named(name).map(|column| column.app)
    }

    #[test]
    fn apps_have_one_name_in_csv_and_json() {
        for (csv, json, expected) in [
            ("Any App Enabled Users", "anyAppEnabledUsers", "Any App"),
            (
                "Microsoft Teams Active Users",
                "microsoftTeamsActiveUsers",
                "Microsoft Teams",
            ),
            (
                "PowerPoint Active Users",
                "powerPointActiveUsers",
                "PowerPoint",
            ),
            ("OneNote Active Users", "oneNoteActiveUsers", "OneNote"),
            (
                "Copilot Chat (work) Active Users",
                "copilotChatWorkActiveUsers",
                "Copilot Chat (work)",
            ),
            (
                "Copilot Chat Active Users",
                "copilotChatActiveUsers",
                "Copilot Chat",
            ),
            (
                "Microsoft 365 Copilot Enabled Users",
                "microsoft365CopilotEnabledUsers",
                "Microsoft 365 Copilot",
            ),
            (
                "Some New App Active Users",
                "someNewAppActiveUsers",
                "Some New App",
            ),
            ("Power BI Active Users", "powerBIActiveUsers", "Power BI"),
            (
                "Whiteboard Active Users",
                "whiteboardActiveUsers",
                "Whiteboard",
            ),
            (" any  app ACTIVE users ", "AnyAppActiveUsers", "Any App"),
        ] {
            assert_eq!(app(csv).as_deref(), Some(expected), "{csv}");
            assert_eq!(app(json).as_deref(), Some(expected), "{json}");
        }
        for other in [
            "Enabled Users",
            "activeUsers",
            "Prompts submitted",
            "Users",
            "",
        ] {
            assert_eq!(app(other), None, "{other}");
        }
    }
}
