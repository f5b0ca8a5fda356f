//! The apps that Microsoft's reports have columns for, and how an interaction's class feeds them.

use crate::draw::{hash, unit};
use crate::population::item::App;

/// An app as Microsoft's reports name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageApp {
    /// Any of the others: the report's own `Last Activity Date`.
    AnyApp,
    /// Copilot in Teams.
    MicrosoftTeams,
    /// Copilot in Word.
    Word,
    /// Copilot in Excel.
    Excel,
    /// Copilot in PowerPoint.
    PowerPoint,
    /// Copilot in Outlook.
    Outlook,
    /// Copilot in OneNote.
    OneNote,
    /// Copilot in Loop.
    Loop,
    /// Copilot Chat, work or web.
    CopilotChat,
    /// Copilot in Edge: no class of the interaction history says so.
    Edge,
    /// The Microsoft 365 Copilot app: no class of the interaction history says so.
    Microsoft365Copilot,
    /// Copilot Chat grounded in the tenant's data: class BizChat.
    CopilotChatWork,
    /// Copilot Chat grounded in the web: class WebChat.
    CopilotChatWeb,
    /// Agents: no class of the interaction history says so.
    CopilotAgent,
}

/// A set of apps: each stored one is a bit. `AnyApp` and `CopilotChat` are made of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Apps(pub(crate) u16);

/// How many apps have a bit of their own.
pub(crate) const BITS: usize = 12;

/// How often who chats (work) does so in the Microsoft 365 Copilot app.
const IN_THE_APP: f64 = 0.7;
/// How often who chats (web) does so in Edge.
const IN_EDGE: f64 = 0.4;
/// How often an active day sees an agent.
const WITH_AGENT: f64 = 0.04;

impl UsageApp {
    /// Every one, in the order of the summary; agents, which only the user detail has, come last.
    pub const ALL: [Self; 14] = [
        Self::AnyApp,
        Self::MicrosoftTeams,
        Self::Word,
        Self::Excel,
        Self::PowerPoint,
        Self::Outlook,
        Self::OneNote,
        Self::Loop,
        Self::CopilotChat,
        Self::Edge,
        Self::Microsoft365Copilot,
        Self::CopilotChatWork,
        Self::CopilotChatWeb,
        Self::CopilotAgent,
    ];

    /// The name in the headers of CSV reports: `Any App`, `Word`, `Copilot Chat (work)`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AnyApp => "Any App",
            Self::MicrosoftTeams => "Microsoft Teams",
            Self::Word => "Word",
            Self::Excel => "Excel",
            Self::PowerPoint => "PowerPoint",
            Self::Outlook => "Outlook",
            Self::OneNote => "OneNote",
            Self::Loop => "Loop",
            Self::CopilotChat => "Copilot Chat",
            Self::Edge => "Edge",
            Self::Microsoft365Copilot => "Microsoft 365 Copilot",
            Self::CopilotChatWork => "Copilot Chat (work)",
            Self::CopilotChatWeb => "Copilot Chat (web)",
            Self::CopilotAgent => "Copilot Agent",
        }
    }

    /// How JSON fields begin: `anyApp`, `word`, `copilotChatWork`.
    pub fn stem(self) -> &'static str {
        match self {
            Self::AnyApp => "anyApp",
            Self::MicrosoftTeams => "microsoftTeams",
            Self::Word => "word",
            Self::Excel => "excel",
            Self::PowerPoint => "powerPoint",
            Self::Outlook => "outlook",
            Self::OneNote => "oneNote",
            Self::Loop => "loop",
            Self::CopilotChat => "copilotChat",
            Self::Edge => "edge",
            Self::Microsoft365Copilot => "microsoft365Copilot",
            Self::CopilotChatWork => "copilotChatWork",
            Self::CopilotChatWeb => "copilotChatWeb",
            Self::CopilotAgent => "copilotAgent",
        }
    }

    /// Whether the interaction history has a class of its own for it: without, only Microsoft knows.
    pub fn in_history(self) -> bool {
        !matches!(
            self,
            Self::Edge | Self::Microsoft365Copilot | Self::CopilotAgent
        )
    }

    /// The app whose column a class feeds; none for Whiteboard, Planner, temporary chats and the rest.
    pub(crate) fn of(app: App) -> Option<Self> {
        Some(match app {
            App::BizChat => Self::CopilotChatWork,
            App::WebChat => Self::CopilotChatWeb,
            App::Teams => Self::MicrosoftTeams,
            App::Word => Self::Word,
            App::Excel => Self::Excel,
            App::PowerPoint => Self::PowerPoint,
            App::Outlook => Self::Outlook,
            App::OneNote => Self::OneNote,
            App::Loop => Self::Loop,
            _ => return None,
        })
    }

    /// The apps that it is made of; itself, for most.
    pub(crate) fn made_of(self) -> Apps {
        let bit = match self {
            Self::AnyApp => return Apps((1 << BITS) - 1),
            Self::CopilotChat => {
                return Self::CopilotChatWork
                    .made_of()
                    .with(Self::CopilotChatWeb.made_of());
            }
            Self::MicrosoftTeams => 0,
            Self::Word => 1,
            Self::Excel => 2,
            Self::PowerPoint => 3,
            Self::Outlook => 4,
            Self::OneNote => 5,
            Self::Loop => 6,
            Self::CopilotChatWork => 7,
            Self::CopilotChatWeb => 8,
            Self::Microsoft365Copilot => 9,
            Self::Edge => 10,
            Self::CopilotAgent => 11,
        };
        Apps(1 << bit)
    }
}

impl Apps {
    pub(crate) fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    pub(crate) fn meets(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// The places of the bits that are set.
    pub(crate) fn bits(self) -> impl Iterator<Item = usize> {
        (0..BITS).filter(move |bit| self.0 >> bit & 1 == 1)
    }

    /// Besides, those that Microsoft saw on that day and that no class of the history tells of: subsets of the days
    /// of chat, drawn for each user and UTC day.
    pub(crate) fn with_unseen(self, seed: u64, user: u32, day: i64) -> Self {
        let drawn = |what: u64, share: f64| {
            unit(hash(&[seed, u64::from(user), day as u64, 0x0ff1ce, what])) < share
        };
        let unseen = [
            (
                UsageApp::CopilotChatWork.made_of(),
                UsageApp::Microsoft365Copilot,
                IN_THE_APP,
            ),
            (UsageApp::CopilotChatWeb.made_of(), UsageApp::Edge, IN_EDGE),
            (
                UsageApp::AnyApp.made_of(),
                UsageApp::CopilotAgent,
                WITH_AGENT,
            ),
        ];
        let mut apps = self;
        for (where_, app, share) in unseen {
            if self.meets(where_) && drawn(app as u64, share) {
                apps = apps.with(app.made_of());
            }
        }
        apps
    }
}
