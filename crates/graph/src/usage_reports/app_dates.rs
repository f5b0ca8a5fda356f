//! The columns that tell when a user was last active in one app.

use jiff::civil::Date;

/// An app's column in the report of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AppColumn {
    /// Copilot Chat, work and web.
    CopilotChat,
    /// Teams.
    MicrosoftTeams,
    /// Word.
    Word,
    /// Excel.
    Excel,
    /// PowerPoint.
    PowerPoint,
    /// Outlook.
    Outlook,
    /// OneNote.
    OneNote,
    /// Loop.
    Loop,
    /// Copilot Chat with work data (version 2).
    CopilotChatWork,
    /// Copilot Chat with the web (version 2).
    CopilotChatWeb,
    /// The Microsoft 365 Copilot app (version 2).
    Microsoft365Copilot,
    /// Edge (version 2).
    Edge,
    /// Agents (version 2).
    CopilotAgent,
}

impl AppColumn {
    /// All of them, in the report's order.
    pub const ALL: [Self; 13] = [
        Self::CopilotChat,
        Self::MicrosoftTeams,
        Self::Word,
        Self::Excel,
        Self::PowerPoint,
        Self::Outlook,
        Self::OneNote,
        Self::Loop,
        Self::CopilotChatWork,
        Self::CopilotChatWeb,
        Self::Microsoft365Copilot,
        Self::Edge,
        Self::CopilotAgent,
    ];

    /// The name of the column in the CSV.
    pub const fn csv_name(self) -> &'static str {
        match self {
            Self::CopilotChat => "Copilot Chat Last Activity Date",
            Self::MicrosoftTeams => "Microsoft Teams Copilot Last Activity Date",
            Self::Word => "Word Copilot Last Activity Date",
            Self::Excel => "Excel Copilot Last Activity Date",
            Self::PowerPoint => "PowerPoint Copilot Last Activity Date",
            Self::Outlook => "Outlook Copilot Last Activity Date",
            Self::OneNote => "OneNote Copilot Last Activity Date",
            Self::Loop => "Loop Copilot Last Activity Date",
            Self::CopilotChatWork => "Copilot Chat (work) Last Activity Date",
            Self::CopilotChatWeb => "Copilot Chat (web) Last Activity Date",
            Self::Microsoft365Copilot => "Microsoft 365 Copilot Last Activity Date",
            Self::Edge => "Edge Last Activity Date",
            Self::CopilotAgent => "Copilot Agent Last Activity Date",
        }
    }

    /// The name in snake case, `word_copilot_last_activity_date`: stable, for columns of our own.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CopilotChat => "copilot_chat_last_activity_date",
            Self::MicrosoftTeams => "microsoft_teams_copilot_last_activity_date",
            Self::Word => "word_copilot_last_activity_date",
            Self::Excel => "excel_copilot_last_activity_date",
            Self::PowerPoint => "powerpoint_copilot_last_activity_date",
            Self::Outlook => "outlook_copilot_last_activity_date",
            Self::OneNote => "onenote_copilot_last_activity_date",
            Self::Loop => "loop_copilot_last_activity_date",
            Self::CopilotChatWork => "copilot_chat_work_last_activity_date",
            Self::CopilotChatWeb => "copilot_chat_web_last_activity_date",
            Self::Microsoft365Copilot => "microsoft_365_copilot_last_activity_date",
            Self::Edge => "edge_last_activity_date",
            Self::CopilotAgent => "copilot_agent_last_activity_date",
        }
    }

    /// What reports that count users call the app.
    pub const fn app(self) -> &'static str {
        match self {
            Self::CopilotChat => "Copilot Chat",
            Self::MicrosoftTeams => "Microsoft Teams",
            Self::Word => "Word",
            Self::Excel => "Excel",
            Self::PowerPoint => "PowerPoint",
            Self::Outlook => "Outlook",
            Self::OneNote => "OneNote",
            Self::Loop => "Loop",
            Self::CopilotChatWork => "Copilot Chat (work)",
            Self::CopilotChatWeb => "Copilot Chat (web)",
            Self::Microsoft365Copilot => "Microsoft 365 Copilot",
            Self::Edge => "Edge",
            Self::CopilotAgent => "Copilot Agent",
        }
    }
}

/// When a user was last active in each app (UTC days); None where never, or where the report does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AppDates([Option<Date>; AppColumn::ALL.len()]);

impl AppDates {
    /// The date of one app.
    pub const fn get(&self, column: AppColumn) -> Option<Date> {
        self.0[column as usize]
    }

    /// The apps with a date, in the report's order.
    pub fn iter(&self) -> impl Iterator<Item = (AppColumn, Date)> {
        AppColumn::ALL
            .into_iter()
            .filter_map(|column| Some((column, self.get(column)?)))
    }

    /// The latest of them.
    pub fn latest(&self) -> Option<Date> {
        self.0.iter().flatten().max().copied()
    }

    pub(super) fn set(&mut self, column: AppColumn, date: Date) {
        self.0[column as usize] = Some(date);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_column_has_its_place() {
        for (at, column) in AppColumn::ALL.into_iter().enumerate() {
            assert_eq!(column as usize, at);
        }
    }
}
