//! What people call an app.
//!
//! The names and classes are those of the contract with Microsoft; Microsoft publishes no list, and
//! new classes appear at any time. Whatever is not in the table shows as its own last part.

use std::borrow::Cow;
use std::fmt;

/// What Graph puts before the app in `appClass`.
const PREFIX: &str = "IPM.SkypeTeams.Message.Copilot.";

/// The part after the prefix, what people call it, and where its interactions happen.
const APPS: [(&str, &str, Surface); 24] = [
    (
        "BizChat",
        "Microsoft 365 Copilot Chat (work)",
        Surface::Work,
    ),
    ("WebChat", "Copilot Chat (web)", Surface::Web),
    (
        "PrivateChat",
        "Copilot Chat (temporary)",
        Surface::Temporary,
    ),
    ("Word", "Word", Surface::App),
    ("Excel", "Excel", Surface::App),
    ("PowerPoint", "PowerPoint", Surface::App),
    ("Outlook", "Outlook", Surface::App),
    ("OneNote", "OneNote", Surface::App),
    ("Loop", "Loop", Surface::App),
    ("Teams", "Teams", Surface::App),
    ("Whiteboard", "Whiteboard", Surface::App),
    ("Forms", "Forms", Surface::App),
    ("Planner", "Planner", Surface::App),
    ("SharePoint", "SharePoint", Surface::App),
    ("Stream", "Stream", Surface::App),
    ("Designer", "Designer", Surface::App),
    ("VivaEngage", "Viva Engage", Surface::App),
    ("OfficeCopilotSearchAnswer", "Copilot Search", Surface::App),
    ("OfficeCopilotNotebook", "Copilot Notebooks", Surface::App),
    ("CoworkChat", "Copilot Cowork", Surface::App),
    ("ThirdPartyCopilot", "Third-party agent", Surface::App),
    (
        "M365AdminCenter",
        "Microsoft 365 admin center",
        Surface::App,
    ),
    ("PredictiveChat", "PredictiveChat", Surface::App),
    ("ProactiveChat", "ProactiveChat", Surface::App),
];

/// Classes that go on after this part, by a dot, with what varies: an agent, a workload, a guid.
const FAMILIES: [(&str, &str); 4] = [
    ("Studio", "Copilot Studio"),
    ("Fabric", "Fabric"),
    ("Security.SecurityCopilot", "Security Copilot"),
    ("ConnectedAIApp.Entra", "Connected AI app"),
];

/// The classes that are documented as values of `appClass eq '…'`; a tenant may refuse others.
const FILTER_VALUES: [&str; 6] = [
    "IPM.SkypeTeams.Message.Copilot.Word",
    "IPM.SkypeTeams.Message.Copilot.Excel",
    "IPM.SkypeTeams.Message.Copilot.Teams",
    "IPM.SkypeTeams.Message.Copilot.BizChat",
    "IPM.SkypeTeams.Message.Copilot.WebChat",
    "IPM.SkypeTeams.Message.Copilot.CoworkChat",
];

/// An app, as people call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App<'a> {
    /// The name to show: "Copilot Chat (web)", "Word"; for a class that is not known its own last
    /// part; "(none)" where Graph gives none.
    pub name: Cow<'a, str>,
    /// The class that it was told from, raw.
    pub class: &'a str,
}

impl<'a> App<'a> {
    /// The app of an `appClass`. Upper and lower case are the same.
    pub fn of(app_class: &'a str) -> App<'a> {
        App {
            name: Cow::Borrowed(name_of(app_class)),
            class: app_class,
        }
    }

    /// The apps that hobbs knows, by the part of their class that follows the prefix.
    pub fn known<'k>() -> impl Iterator<Item = App<'k>> {
        let apps = APPS.iter().map(|(part, ..)| *part);
        let families = FAMILIES.iter().map(|(family, _)| *family);
        apps.chain(families).map(App::of)
    }

    /// The name, for a row that outlives its class: nearly all names are ours.
    pub(crate) fn name_to_keep(app_class: &str) -> Cow<'static, str> {
        match known_name(app_class) {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(name_of(app_class).to_owned()),
        }
    }

    /// Whether a person who writes `wanted` (`--app NAME`) means this app: by its name, by the last
    /// part of its class or what follows the prefix, or by the whole class, in upper or lower case.
    pub fn matches(&self, wanted: &str) -> bool {
        let wanted = after_prefix(wanted.trim());
        [&*self.name, after_prefix(self.class), last_part(self.class)]
            .iter()
            .any(|own| !own.is_empty() && own.eq_ignore_ascii_case(wanted))
    }
}

impl fmt::Display for App<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.pad(&self.name)
    }
}

/// The class to filter by for an app named as in [`App::matches`]; None where Graph documents none:
/// then the history has to be read whole and filtered at home.
pub fn filter_value(name: &str) -> Option<&'static str> {
    FILTER_VALUES
        .into_iter()
        .find(|class| App::of(class).matches(name))
}

/// What of the class says which app it is, without the prefix that nearly all have.
pub fn after_prefix(app_class: &str) -> &str {
    match app_class.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
        _ => app_class,
    }
}

fn name_of(app_class: &str) -> &str {
    let own = || Some(last_part(app_class)).filter(|last| !last.is_empty());
    known_name(app_class).or_else(own).unwrap_or(app_class)
}

/// The name of an app, or a family of apps, that is known; of no class.
fn known_name(app_class: &str) -> Option<&'static str> {
    let part = after_prefix(app_class);
    let of_family = || FAMILIES.iter().find(|(family, _)| is_in(part, family));
    known(part)
        .map(|(_, name, _)| *name)
        .or_else(|| of_family().map(|(_, name)| *name))
        .or_else(|| app_class.trim().is_empty().then_some("(none)"))
}

fn known(part: &str) -> Option<&'static (&'static str, &'static str, Surface)> {
    APPS.iter()
        .find(|(known, ..)| known.eq_ignore_ascii_case(part))
}

fn is_in(part: &str, family: &str) -> bool {
    match part.split_at_checked(family.len()) {
        Some((start, rest)) => {
            start.eq_ignore_ascii_case(family) && (rest.is_empty() || rest.starts_with('.'))
        }
        None => false,
    }
}

fn last_part(app_class: &str) -> &str {
    app_class.rsplit('.').next().unwrap_or_default()
}

/// Where an interaction happens: what Copilot can see there, and whether it stays.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Surface {
    /// The chat that sees the organization's data.
    Work,
    /// The chat that sees the web alone.
    Web,
    /// The chat that keeps no history. (Some people take its class for Teams; the contract says so.)
    Temporary,
    /// Inside an app, or a class that is not known.
    App,
}

impl Surface {
    /// By the class; where that is not known by `conversationType`.
    pub fn of(app_class: &str, conversation_type: Option<&str>) -> Surface {
        let part = after_prefix(app_class);
        if let Some((.., surface)) = known(part) {
            return *surface;
        }
        let is = |wanted: &str| conversation_type.is_some_and(|it| it.eq_ignore_ascii_case(wanted));
        let is_known = FAMILIES.iter().any(|(family, _)| is_in(part, family));
        match () {
            () if is_known => Surface::App,
            () if is("bizchat") => Surface::Work,
            () if is("webchat") => Surface::Web,
            () => Surface::App,
        }
    }

    /// As the lake writes it: `work`, `web`, `temporary`, `app`.
    pub fn as_str(self) -> &'static str {
        match self {
            Surface::Work => "work",
            Surface::Web => "web",
            Surface::Temporary => "temporary",
            Surface::App => "app",
        }
    }
}

impl fmt::Display for Surface {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(part: &str) -> String {
        format!("{PREFIX}{part}")
    }

    #[test]
    fn every_app_has_the_name_that_people_know() {
        let classes = APPS
            .iter()
            .map(|(part, ..)| class(part))
            .chain(
                [
                    "Studio.Agent7",
                    "Fabric.DataAgent",
                    "Security.SecurityCopilot",
                ]
                .map(class),
            )
            .chain(["ConnectedAIApp.Entra.7b3c5e1a-0000-0000-0000-000000000000".to_owned()])
            .chain(["Tasks", "Some.New", "Studious"].map(class))
            .chain(["", "IPM.Note", "Something", PREFIX, "…"].map(str::to_owned));
        let row = |class: String| {
            let name = App::of(&class).name.to_string();
            let surface = Surface::of(&class, None);
            format!("{name:<34} {surface:<10} {class:?}")
        };
        let table: Vec<String> = classes.map(row).collect();
        insta::assert_snapshot!(table.join("\n"));
    }

    #[test]
    fn case_does_not_matter() {
        assert_eq!(
            App::of("ipm.skypeteams.message.copilot.BIZCHAT").name,
            "Microsoft 365 Copilot Chat (work)"
        );
        assert_eq!(
            App::of("IPM.SKYPETEAMS.MESSAGE.COPILOT.studio.X").name,
            "Copilot Studio"
        );
        assert_eq!(App::of("connectedaiapp.entra.1").name, "Connected AI app");
    }

    #[test]
    fn a_person_may_name_an_app_in_four_ways() {
        let class = class("BizChat");
        let app = App::of(&class);
        for wanted in [
            "microsoft 365 copilot chat (work)",
            "bizchat",
            " BizChat ",
            &class,
            &class.to_uppercase(),
        ] {
            assert!(app.matches(wanted), "{wanted}");
        }
        for wanted in ["", "Biz", "chat", "Word", PREFIX] {
            assert!(!app.matches(wanted), "{wanted}");
        }
        assert!(App::of("").matches("(none)"));
        assert!(!App::of("").matches(""));
        assert!(App::of("X.Studio.Seven").matches("seven"));
        assert!(App::of(&format!("{PREFIX}Studio.Seven")).matches("studio.seven"));
        assert!(App::of(&format!("{PREFIX}Studio.Seven")).matches("copilot studio"));
    }

    #[test]
    fn only_documented_classes_are_filter_values() {
        assert_eq!(
            filter_value("word"),
            Some("IPM.SkypeTeams.Message.Copilot.Word")
        );
        assert_eq!(
            filter_value("Copilot Chat (web)"),
            Some("IPM.SkypeTeams.Message.Copilot.WebChat")
        );
        assert_eq!(
            filter_value("Copilot Cowork"),
            Some("IPM.SkypeTeams.Message.Copilot.CoworkChat")
        );
        assert_eq!(
            filter_value("ipm.skypeteams.message.copilot.excel"),
            Some("IPM.SkypeTeams.Message.Copilot.Excel")
        );
        for other in ["", "PowerPoint", "Outlook", "PrivateChat", "Wor", "Word'"] {
            assert_eq!(filter_value(other), None, "{other}");
        }
    }

    #[test]
    fn the_conversation_type_decides_for_unknown_classes_only() {
        assert_eq!(Surface::of("", Some("bizchat")), Surface::Work);
        assert_eq!(Surface::of("Some.New", Some("WebChat")), Surface::Web);
        assert_eq!(Surface::of("Some.New", Some("appchat")), Surface::App);
        assert_eq!(Surface::of(&class("Word"), Some("bizchat")), Surface::App);
        assert_eq!(
            Surface::of(&class("WebChat"), Some("bizchat")),
            Surface::Web
        );
        assert_eq!(
            Surface::of(&class("Studio.X"), Some("webchat")),
            Surface::App
        );
        assert_eq!(Surface::of(&class("PrivateChat"), None), Surface::Temporary);
    }
}
