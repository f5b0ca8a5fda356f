//! The figures of a report, in the shape in which `--format json` prints them.
//!
//! The shape is stable: fields are added, never renamed or removed without a new `version`.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::coverage::Coverage;
use crate::licenses::Licenses;
use crate::reconcile::{Answer, Reconciliation};
use crate::verdicts::VerdictFigures;

/// The version of the JSON's shape.
pub const VERSION: u32 = 2;

/// The figures of one report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// [`VERSION`].
    pub version: u32,
    /// When the report was made.
    pub generated_at: Timestamp,
    /// The tenant asked for; None means all in the lake.
    pub tenant_id: Option<String>,
    /// The time that the report is about.
    pub window: Window,
    /// The apps asked for; empty means every app.
    pub apps_asked: Vec<String>,
    /// What of that has been read.
    pub coverage: Coverage,
    /// The figures by verdict; None where the lake holds no verdicts yet.
    pub verdicts: Option<VerdictFigures>,
    /// All interactions together.
    pub rows: Rows,
    /// By app, the largest first.
    pub apps: Vec<AppFigures>,
    /// By user, the largest first; users in scope without an interaction stand at the end.
    pub users: Vec<UserFigures>,
    /// By department of the users' newest records, the largest first.
    pub departments: Vec<DepartmentFigures>,
    /// By UTC day; days without an interaction are left out.
    pub days: Vec<DayFigures>,
    /// By the sign for which interactions count as automatic.
    pub marks: Vec<MarkFigures>,
    /// Microsoft's usage report beside the interactions, or why it is not there. Of the report's
    /// users, over Microsoft's newest period of 28 days or more, whatever the window.
    pub reconciliation: Answer<Reconciliation>,
    /// Licenses worth moving, or why they are not told. Of all users of the tenant.
    pub licenses: Answer<Licenses>,
}

/// The time that a report is about: `[from, to)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Window {
    /// None means since the beginning.
    pub from: Option<Timestamp>,
    /// Where none was asked for: the moment up to which the lake has been read.
    pub to: Timestamp,
}

/// How many interactions there are, and of what kind. `total` = `prompts` + `responses` + `other`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All.
    pub total: u64,
    /// Prompts, automatic ones included.
    pub prompts: u64,
    /// Responses, automatic ones included.
    pub responses: u64,
    /// Of kinds that Graph added later.
    pub other: u64,
    /// Those of any kind that bear a mark.
    pub marked_automatic: u64,
    /// The prompts among them.
    pub prompts_marked_automatic: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, more: &Counts) {
        self.total += more.total;
        self.prompts += more.prompts;
        self.responses += more.responses;
        self.other += more.other;
        self.marked_automatic += more.marked_automatic;
        self.prompts_marked_automatic += more.prompts_marked_automatic;
    }
}

/// All interactions together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rows {
    /// The counts.
    #[serde(flatten)]
    pub counts: Counts,
    /// Responses of exchanges that have a prompt and are typed, clicked or unknown. Where the lake has
    /// no verdicts: responses without a mark whose prompt has the same request id in the same session
    /// of the same user, inside the window; where Graph gives no request id (Cowork) a response is
    /// not counted then.
    pub responses_to_prompts: u64,
    /// Users with at least one interaction.
    pub users: u64,
    /// The time of the earliest.
    pub first: Option<Timestamp>,
    /// The time of the latest.
    pub last: Option<Timestamp>,
}

/// One app.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AppFigures {
    /// What people call it.
    pub app: String,
    /// Graph's class, raw.
    pub app_class: String,
    /// Its interactions.
    #[serde(flatten)]
    pub counts: Counts,
}

/// One user.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UserFigures {
    /// The Entra object id.
    pub user_id: String,
    /// None where no record of the user is known.
    pub user_principal_name: Option<String>,
    /// The name shown.
    pub display_name: Option<String>,
    /// As of now.
    pub department: Option<String>,
    /// As of now.
    pub job_title: Option<String>,
    /// As of now.
    pub country: Option<String>,
    /// Whether the user holds a license now; None where no record is known.
    pub licensed: Option<bool>,
    /// `present` or `left`.
    pub state: Option<String>,
    /// Up to when the user's history has been read whole, whatever is missing before it.
    pub read_until: Option<Timestamp>,
    /// The user's interactions.
    #[serde(flatten)]
    pub counts: Counts,
    /// The time of the earliest.
    pub first: Option<Timestamp>,
    /// The time of the latest.
    pub last: Option<Timestamp>,
    /// UTC days with any interaction, automatic ones included: what Microsoft calls active.
    pub days_active: u64,
    /// UTC days with at least one prompt that is not automatic.
    pub days_prompting: u64,
}

impl UserFigures {
    /// How the user is named: the principal name, or the id where none is known.
    pub fn name(&self) -> &str {
        self.user_principal_name.as_deref().unwrap_or(&self.user_id)
    }
}

/// One department.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DepartmentFigures {
    /// None: users without one.
    pub department: Option<String>,
    /// Users in scope.
    pub users: u64,
    /// Those with at least one interaction.
    pub users_active: u64,
    /// Their interactions.
    #[serde(flatten)]
    pub counts: Counts,
}

/// One day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DayFigures {
    /// The UTC day.
    pub day: Date,
    /// Users with an interaction on it.
    pub users: u64,
    /// Its interactions.
    #[serde(flatten)]
    pub counts: Counts,
}

/// One sign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MarkFigures {
    /// Its name.
    pub mark: String,
    /// The interactions that bear it.
    pub total: u64,
    /// The prompts among them.
    pub prompts: u64,
    /// The responses among them.
    pub responses: u64,
}
