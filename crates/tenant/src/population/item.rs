//! What is kept of an interaction until somebody asks for it: some hundred bytes from which its JSON is written.

use crate::options::Corpus;

/// Not edited, or never.
pub(crate) const NEVER_MS: i64 = i64::MAX;

/// Where an interaction happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum App {
    BizChat,
    WebChat,
    PrivateChat,
    Teams,
    Word,
    Excel,
    PowerPoint,
    Outlook,
    OneNote,
    Loop,
    Cowork,
    Search,
    Notebook,
    Whiteboard,
    Forms,
    Planner,
    SharePoint,
    Stream,
    Designer,
    VivaEngage,
    ThirdParty,
    Security,
    Fabric,
    Studio,
    Predictive,
    Proactive,
    Admin,
    Connected,
    Nebula,
}

impl App {
    /// `appClass`, without what varies in `Studio.*` and `ConnectedAIApp.Entra.*`.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::BizChat => "IPM.SkypeTeams.Message.Copilot.BizChat",
            Self::WebChat => "IPM.SkypeTeams.Message.Copilot.WebChat",
            Self::PrivateChat => "IPM.SkypeTeams.Message.Copilot.PrivateChat",
            Self::Teams => "IPM.SkypeTeams.Message.Copilot.Teams",
            Self::Word => "IPM.SkypeTeams.Message.Copilot.Word",
            Self::Excel => "IPM.SkypeTeams.Message.Copilot.Excel",
            Self::PowerPoint => "IPM.SkypeTeams.Message.Copilot.PowerPoint",
            Self::Outlook => "IPM.SkypeTeams.Message.Copilot.Outlook",
            Self::OneNote => "IPM.SkypeTeams.Message.Copilot.OneNote",
            Self::Loop => "IPM.SkypeTeams.Message.Copilot.Loop",
            Self::Cowork => "IPM.SkypeTeams.Message.Copilot.CoworkChat",
            Self::Search => "IPM.SkypeTeams.Message.Copilot.OfficeCopilotSearchAnswer",
            Self::Notebook => "IPM.SkypeTeams.Message.Copilot.OfficeCopilotNotebook",
            Self::Whiteboard => "IPM.SkypeTeams.Message.Copilot.Whiteboard",
            Self::Forms => "IPM.SkypeTeams.Message.Copilot.Forms",
            Self::Planner => "IPM.SkypeTeams.Message.Copilot.Planner",
            Self::SharePoint => "IPM.SkypeTeams.Message.Copilot.SharePoint",
            Self::Stream => "IPM.SkypeTeams.Message.Copilot.Stream",
            Self::Designer => "IPM.SkypeTeams.Message.Copilot.Designer",
            Self::VivaEngage => "IPM.SkypeTeams.Message.Copilot.VivaEngage",
            Self::ThirdParty => "IPM.SkypeTeams.Message.Copilot.ThirdPartyCopilot",
            Self::Security => "IPM.SkypeTeams.Message.Copilot.Security.SecurityCopilot",
            Self::Fabric => "IPM.SkypeTeams.Message.Copilot.Fabric.DataAgent",
            Self::Studio => "IPM.SkypeTeams.Message.Copilot.Studio.",
            Self::Predictive => "IPM.SkypeTeams.Message.Copilot.PredictiveChat",
            Self::Proactive => "IPM.SkypeTeams.Message.Copilot.ProactiveChat",
            Self::Admin => "IPM.SkypeTeams.Message.Copilot.M365AdminCenter",
            Self::Connected => "ConnectedAIApp.Entra.",
            Self::Nebula => "IPM.SkypeTeams.Message.Copilot.Nebula",
        }
    }

    /// `displayName` of the application that answers.
    pub(crate) fn speaker(self) -> &'static str {
        match self {
            Self::BizChat | Self::PrivateChat => "Microsoft 365 Chat",
            Self::WebChat => "Copilot",
            Self::Teams => "Copilot in Teams",
            Self::Word => "Copilot in Word",
            Self::Excel => "Copilot in Excel",
            Self::PowerPoint => "Copilot in PowerPoint",
            Self::Outlook => "Copilot in Outlook",
            Self::OneNote => "Copilot in OneNote",
            Self::Loop => "Copilot in Loop",
            Self::Cowork => "Copilot Cowork",
            Self::Search => "Microsoft 365 Copilot Search",
            Self::Notebook => "Copilot Notebooks",
            Self::Admin => "Copilot in Microsoft 365 admin center",
            Self::ThirdParty | Self::Connected => "Connected app",
            _ => "Copilot",
        }
    }

    /// `conversationType`.
    pub(crate) fn conversation(self) -> &'static str {
        match self {
            Self::BizChat | Self::PrivateChat | Self::Cowork | Self::Notebook => "bizchat",
            Self::WebChat => "webchat",
            _ => "appchat",
        }
    }

    /// `contextType` of the files that one works on here.
    pub(crate) fn file_kind(self) -> &'static str {
        match self {
            Self::Excel => "xlsx",
            Self::PowerPoint => "pptx",
            Self::Loop => "loop",
            Self::OneNote => "one",
            Self::Outlook => "Email",
            Self::Stream => "mp4",
            _ => "docx",
        }
    }
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Prompt,
    Response,
}

/// How the text is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Plain text.
    Text,
    /// Plain text, the file or meeting attached by reference.
    TextWithReference,
    /// HTML: paragraphs.
    Html,
    /// A card with the text twice, as the chat writes it, and links.
    Card,
    /// A card whose text lies in containers and columns.
    NestedCard,
    /// JSON with `thoughts` and `finalResponse`.
    ThoughtsJson,
    /// HTML with an inline image.
    InlineImage,
}

impl Shape {
    /// The name that the truth uses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::TextWithReference => "reference",
            Self::Html => "html",
            Self::Card => "card",
            Self::NestedCard => "nested_card",
            Self::ThoughtsJson => "thoughts_json",
            Self::InlineImage => "inline_image",
        }
    }
}

/// What the text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Typed,
    Strange,
    Label,
    AutoSummary,
    VisualTheming,
    Suggestion,
    AdminTask,
    Answer,
    AutoAnswer,
    NeedsTranscript,
    Refusal,
    Warmup,
    Searching,
    Empty,
    Thinking,
    /// In a labelled corpus, what a person thought of.
    Request,
    /// A word or two about the last answer.
    FollowUp,
    /// A greeting, a thank-you.
    Courtesy,
    /// The words of a button within a longer prompt that a person wrote.
    Around,
    /// A request with a text that was copied from elsewhere.
    Pasted,
    /// What a button says, typed by hand.
    Echo,
    /// A prompt that everyone in a course copies from the same page.
    Handout,
    /// A ready-made prompt that Microsoft documents.
    Listed,
    /// A ready-made prompt that no list knows.
    Unlisted,
    /// A follow-up question that was written for one answer, and pressed.
    Drawn,
    /// What an app asks on its own as a document opens, without a mark.
    Opening,
    /// What a person has scheduled: the same words every day.
    Recurring,
}

/// Who made an exchange, and so each of its items. This is the truth that verdicts are measured against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Maker {
    /// A person wrote the prompt.
    Typed,
    /// A person pressed a ready-made prompt.
    Clicked,
    /// Nobody asked.
    Automatic,
    /// The service itself, or administration.
    System,
    /// Rows without meaning: warm-ups, "Searching…", empty parts, repeats, thinking.
    Noise,
    /// Nobody can say: the history does not hold what was asked.
    Unknown,
}

/// One interaction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item {
    pub(crate) created_ms: i64,
    pub(crate) id_ms: i64,
    pub(crate) visible_ms: i64,
    pub(crate) edited_ms: i64,
    /// 0 for none.
    pub(crate) session: u64,
    /// 0 for none.
    pub(crate) request: u64,
    /// Shared by a prompt and its responses.
    pub(crate) exchange: u64,
    /// File or meeting worked on; 0 for none.
    pub(crate) place: u64,
    /// Breaks ties of time, and draws what is particular to this item.
    pub(crate) salt: u64,
    /// Draws the text: equal in an item and in its repetition.
    pub(crate) words: u64,
    pub(crate) app: App,
    pub(crate) role: Role,
    pub(crate) shape: Shape,
    pub(crate) content: Content,
    pub(crate) maker: Maker,
    pub(crate) generator: &'static str,
    /// Of the text: a place in `texts::LANGUAGES`.
    pub(crate) language: u8,
    /// Of the sender, likewise.
    pub(crate) locale: u8,
    /// How this person writes: see `speak`.
    pub(crate) hand: u8,
    /// Whose words it is made of.
    pub(crate) corpus: Corpus,
    /// Place in a meeting rather than in a file.
    pub(crate) meeting: bool,
}

impl Item {
    /// Order in time; no two items of a user are equal in it.
    pub(crate) fn order(&self) -> (i64, u64) {
        (self.created_ms, self.salt)
    }

    /// The etag at a time: that of the last change until then.
    pub(crate) fn etag_ms(&self, now_ms: i64) -> i64 {
        if self.edited(now_ms) {
            self.edited_ms
        } else {
            self.id_ms
        }
    }

    pub(crate) fn edited(&self, now_ms: i64) -> bool {
        self.edited_ms <= now_ms
    }
}
