//! The columns of each report, with their names in CSV and in JSON.

use crate::reports::apps::UsageApp;
use crate::reports::options::ReportOddity;
use crate::reports::question::{Kind, Version};

/// What a column tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    RefreshDate,
    UserPrincipalName,
    DisplayName,
    LastActivity(UsageApp),
    Period,
    Prompts,
    ChatWorkPrompts,
    ChatWebPrompts,
    ActiveDays,
    ReportDate,
    Enabled(UsageApp),
    Active(UsageApp),
    TotalPrompts,
    AveragePrompts,
    PromptsOfDay,
    /// A column that Microsoft may add one day.
    Whiteboard,
    /// A column that nobody expects.
    FavoriteColor,
}

/// The apps of version 1 in the user detail, in its order.
const DETAIL: [UsageApp; 9] = [
    UsageApp::AnyApp,
    UsageApp::CopilotChat,
    UsageApp::MicrosoftTeams,
    UsageApp::Word,
    UsageApp::Excel,
    UsageApp::PowerPoint,
    UsageApp::Outlook,
    UsageApp::OneNote,
    UsageApp::Loop,
];
/// Those that version 2 adds to it.
const DETAIL_ADDED: [UsageApp; 5] = [
    UsageApp::CopilotChatWork,
    UsageApp::CopilotChatWeb,
    UsageApp::Microsoft365Copilot,
    UsageApp::Edge,
    UsageApp::CopilotAgent,
];
/// How many of [`UsageApp::ALL`] summary and trend have, in version 1 and in version 2.
const COUNTED: [usize; 2] = [9, 13];

impl Column {
    /// The columns of a report, in its order.
    pub(crate) fn of(kind: Kind, version: Version, oddities: &[ReportOddity]) -> Vec<Self> {
        let mut columns = Self::usual(kind, version);
        for oddity in oddities {
            match oddity {
                ReportOddity::AddedColumns => {
                    let place = columns.len().min(4);
                    columns.insert(place, Self::Whiteboard);
                    columns.push(Self::FavoriteColor);
                }
                ReportOddity::MissingColumn => columns.retain(|column| {
                    !matches!(
                        column,
                        Self::LastActivity(UsageApp::Loop)
                            | Self::Enabled(UsageApp::Loop)
                            | Self::Active(UsageApp::Loop)
                    )
                }),
                ReportOddity::OtherOrder => columns.reverse(),
                _ => {}
            }
        }
        columns
    }

    fn usual(kind: Kind, version: Version) -> Vec<Self> {
        let v2 = version == Version::V2;
        match kind {
            Kind::UserDetail => {
                let mut columns = vec![
                    Self::RefreshDate,
                    Self::UserPrincipalName,
                    Self::DisplayName,
                ];
                columns.extend(DETAIL.map(Self::LastActivity));
                columns.push(Self::Period);
                if v2 {
                    columns.extend([
                        Self::Prompts,
                        Self::ChatWorkPrompts,
                        Self::ChatWebPrompts,
                        Self::ActiveDays,
                    ]);
                    columns.extend(DETAIL_ADDED.map(Self::LastActivity));
                }
                columns
            }
            Kind::CountSummary => {
                let mut columns = vec![Self::RefreshDate, Self::Period];
                columns.extend(Self::counts(version));
                if v2 {
                    columns.extend([Self::TotalPrompts, Self::AveragePrompts]);
                }
                columns
            }
            Kind::CountTrend => {
                let mut columns = vec![Self::RefreshDate, Self::ReportDate];
                columns.extend(Self::counts(version));
                columns.push(Self::Period);
                if v2 {
                    columns.push(Self::PromptsOfDay);
                }
                columns
            }
        }
    }

    fn counts(version: Version) -> impl Iterator<Item = Self> {
        UsageApp::ALL[..COUNTED[version as usize]]
            .iter()
            .flat_map(|app| [Self::Enabled(*app), Self::Active(*app)])
    }

    /// Whether JSON has it in the list within an entry, not in the entry itself.
    pub(crate) fn within(self, kind: Kind) -> bool {
        match kind {
            Kind::UserDetail => matches!(
                self,
                Self::Period
                    | Self::Prompts
                    | Self::ChatWorkPrompts
                    | Self::ChatWebPrompts
                    | Self::ActiveDays
            ),
            Kind::CountSummary => self != Self::RefreshDate,
            Kind::CountTrend => !matches!(self, Self::RefreshDate | Self::Period),
        }
    }

    /// The name in a CSV's header.
    pub(crate) fn csv_name(self) -> String {
        let name = match self {
            Self::RefreshDate => "Report Refresh Date",
            Self::UserPrincipalName => "User Principal Name",
            Self::DisplayName => "Display Name",
            Self::LastActivity(UsageApp::AnyApp) => "Last Activity Date",
            Self::LastActivity(app) => {
                let copilot = if in_office(app) { " Copilot" } else { "" };
                return format!("{}{copilot} Last Activity Date", app.name());
            }
            Self::Period => "Report Period",
            Self::Prompts => "Prompts submitted for all apps",
            Self::ChatWorkPrompts => "Prompts submitted for Copilot Chat (work)",
            Self::ChatWebPrompts => "Prompts submitted for Copilot Chat (web)",
            Self::ActiveDays => "Active Usage Days for all apps",
            Self::ReportDate => "Report Date",
            Self::Enabled(app) => return format!("{} Enabled Users", app.name()),
            Self::Active(app) => return format!("{} Active Users", app.name()),
            Self::TotalPrompts => "Total prompts submitted",
            Self::AveragePrompts => "Average prompts submitted",
            Self::PromptsOfDay => "Prompts submitted",
            Self::Whiteboard => "Whiteboard Copilot Last Activity Date",
            Self::FavoriteColor => "Favorite Color",
        };
        name.to_owned()
    }

    /// The name of the field in JSON.
    pub(crate) fn json_name(self) -> String {
        let name = match self {
            Self::RefreshDate => "reportRefreshDate",
            Self::UserPrincipalName => "userPrincipalName",
            Self::DisplayName => "displayName",
            Self::LastActivity(UsageApp::AnyApp) => "lastActivityDate",
            Self::LastActivity(app) => {
                let copilot = if in_office(app) { "Copilot" } else { "" };
                return format!("{}{copilot}LastActivityDate", app.stem());
            }
            Self::Period => "reportPeriod",
            Self::Prompts | Self::PromptsOfDay => "promptsSubmitted",
            Self::ChatWorkPrompts => "promptsSubmittedForCopilotChatWork",
            Self::ChatWebPrompts => "promptsSubmittedForCopilotChatWeb",
            Self::ActiveDays => "activeUsageDays",
            Self::ReportDate => "reportDate",
            Self::Enabled(app) => return format!("{}EnabledUsers", app.stem()),
            Self::Active(app) => return format!("{}ActiveUsers", app.stem()),
            Self::TotalPrompts => "totalPromptsSubmitted",
            Self::AveragePrompts => "averagePromptsSubmitted",
            Self::Whiteboard => "whiteboardCopilotLastActivityDate",
            Self::FavoriteColor => "favoriteColor",
        };
        name.to_owned()
    }
}

/// Apps whose column says "Copilot" after their name.
fn in_office(app: UsageApp) -> bool {
    matches!(
        app,
        UsageApp::MicrosoftTeams
            | UsageApp::Word
            | UsageApp::Excel
            | UsageApp::PowerPoint
            | UsageApp::Outlook
            | UsageApp::OneNote
            | UsageApp::Loop
    )
}
