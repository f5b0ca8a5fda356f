//! A person's life in the directory: what happened when, and so what was true at any time.

use crate::population::people::Access;
use crate::time::DAY_MS;

/// Something that happens to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LifeEvent {
    /// They are in the directory from now on.
    Joined,
    /// A Copilot license is assigned, its Copilot Chat plan switched on.
    LicenseAssigned,
    /// The subscription behind the license ran out: it still works.
    LicenseWarned,
    /// It does not work any more, but is still assigned.
    LicenseSuspended,
    /// No Copilot license is assigned any more.
    LicenseRemoved,
    /// The license stays, its Copilot Chat plan is switched off.
    PlanSwitchedOff,
    /// And on again.
    PlanSwitchedOn,
    /// Nobody can sign in with the account.
    AccountDisabled,
    /// They are deleted from the directory.
    Left,
    /// They work in another department now.
    Moved {
        /// Its name.
        department: &'static str,
    },
    /// They do nothing from now on; the account stays enabled.
    LeaveBegan,
    /// They are back.
    LeaveEnded,
}

/// A person's Copilot license.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum License {
    /// Never assigned.
    Never,
    /// Assigned, and works.
    Enabled,
    /// Assigned, with the Copilot Chat plan switched off.
    PlanOff,
    /// Assigned, and works for some days yet.
    Warning,
    /// Assigned, and does not work.
    Suspended,
    /// Assigned once.
    Removed,
}

impl License {
    /// What somebody has to whom nothing has happened.
    pub(crate) fn of(access: Access) -> Self {
        match access {
            Access::Readable | Access::Deleted => Self::Enabled,
            Access::PlanDisabled => Self::PlanOff,
            Access::LicenseRemoved => Self::Removed,
            Access::Unlicensed | Access::Guest => Self::Never,
        }
    }

    /// Whether the history of a member can be read through it.
    pub(crate) fn access(self) -> Access {
        match self {
            Self::Never => Access::Unlicensed,
            Self::Removed => Access::LicenseRemoved,
            Self::PlanOff | Self::Suspended => Access::PlanDisabled,
            Self::Enabled | Self::Warning => Access::Readable,
        }
    }

    /// Whether a Copilot SKU is assigned, working plan or not.
    pub(crate) fn is_assigned(self) -> bool {
        !matches!(self, Self::Never | Self::Removed)
    }

    /// Whether Copilot Chat works through it.
    pub(crate) fn works(self) -> bool {
        matches!(self, Self::Enabled | Self::Warning)
    }
}

/// What is true of a person at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) exists: bool,
    /// When they joined or were deleted, if in this life.
    pub(crate) joined_ms: Option<i64>,
    pub(crate) left_ms: Option<i64>,
    /// Whether the account was disabled in this life.
    pub(crate) disabled: bool,
    pub(crate) license: License,
    /// When the license was assigned, if in this life.
    pub(crate) assigned_ms: Option<i64>,
    /// The department that they moved to.
    pub(crate) department: Option<&'static str>,
    pub(crate) on_leave: bool,
}

impl State {
    /// Somebody to whom nothing has happened yet.
    pub(crate) fn with(license: License) -> Self {
        Self {
            exists: true,
            joined_ms: None,
            left_ms: None,
            disabled: false,
            license,
            assigned_ms: None,
            department: None,
            on_leave: false,
        }
    }

    /// Whether anything can come into their history.
    pub(crate) fn is_open(&self) -> bool {
        self.exists && !self.disabled && !self.on_leave && self.license.works()
    }

    fn meet(&mut self, at_ms: i64, event: LifeEvent) {
        let assigned = self.license.is_assigned();
        match event {
            LifeEvent::Joined => {
                self.exists = true;
                self.joined_ms = Some(at_ms);
            }
            LifeEvent::LicenseAssigned => {
                self.license = License::Enabled;
                self.assigned_ms = Some(at_ms);
            }
            LifeEvent::LicenseWarned if assigned => self.license = License::Warning,
            LifeEvent::LicenseSuspended if assigned => self.license = License::Suspended,
            LifeEvent::LicenseRemoved if assigned => self.license = License::Removed,
            LifeEvent::PlanSwitchedOff if assigned => self.license = License::PlanOff,
            LifeEvent::PlanSwitchedOn if assigned => self.license = License::Enabled,
            LifeEvent::AccountDisabled => self.disabled = true,
            LifeEvent::Left => {
                self.exists = false;
                self.left_ms = Some(at_ms);
                if assigned {
                    self.license = License::Removed;
                }
            }
            LifeEvent::Moved { department } => self.department = Some(department),
            LifeEvent::LeaveBegan => self.on_leave = true,
            LifeEvent::LeaveEnded => self.on_leave = false,
            // What happens to a license that is not there, does not happen.
            LifeEvent::LicenseWarned
            | LifeEvent::LicenseSuspended
            | LifeEvent::LicenseRemoved
            | LifeEvent::PlanSwitchedOff
            | LifeEvent::PlanSwitchedOn => {}
        }
    }
}

/// Days for which a deleted user can be restored.
pub(crate) const RESTORABLE_DAYS: i64 = 30;

/// The dated events of one person.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    begins: State,
    /// UTC milliseconds; in the order of time.
    events: Vec<(i64, LifeEvent)>,
}

impl Life {
    pub(crate) fn new(begins: State, mut events: Vec<(i64, LifeEvent)>) -> Self {
        events.sort_by_key(|(at_ms, _)| *at_ms);
        Self { begins, events }
    }

    /// The same life with what somebody did by hand: after it, nothing happens of itself to the same thing.
    pub(crate) fn and(mut self, acts: &[(i64, LifeEvent)]) -> Self {
        for (at_ms, act) in acts {
            self.events
                .retain(|(later_ms, event)| later_ms <= at_ms || !act.overrules(event));
            let place = self
                .events
                .partition_point(|(other_ms, _)| other_ms <= at_ms);
            self.events.insert(place, (*at_ms, *act));
        }
        self
    }

    /// What happens, in the order of time, UTC milliseconds.
    pub(crate) fn events(&self) -> &[(i64, LifeEvent)] {
        &self.events
    }

    /// What is true at a time.
    pub(crate) fn at(&self, at_ms: i64) -> State {
        let mut state = self.begins;
        for (event_ms, event) in self.events.iter().take_while(|event| event.0 <= at_ms) {
            // Nothing happens to who is gone.
            if state.left_ms.is_none() {
                state.meet(*event_ms, *event);
            }
        }
        state
    }

    /// Whether anything in the directory changes after the first time and until the second.
    pub(crate) fn changes_between(&self, after_ms: i64, until_ms: i64) -> bool {
        let within = |at_ms: i64| after_ms < at_ms && at_ms <= until_ms;
        self.events.iter().any(|(at_ms, event)| {
            within(*at_ms) || *event == LifeEvent::Left && within(at_ms + RESTORABLE_DAYS * DAY_MS)
        })
    }

    /// How much of a time, both ends included, is open to activity.
    pub(crate) fn openness(&self, (from_ms, to_ms): (i64, i64)) -> Openness {
        let mut moments = self
            .events
            .iter()
            .map(|(at_ms, _)| *at_ms)
            .filter(|at_ms| from_ms < *at_ms && *at_ms <= to_ms);
        let open = self.at(from_ms).is_open();
        if moments.all(|at_ms| self.at(at_ms).is_open() == open) {
            if open {
                Openness::Whole
            } else {
                Openness::None
            }
        } else {
            Openness::Part
        }
    }
}

/// How much of a time is open to activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Openness {
    None,
    Part,
    Whole,
}

impl LifeEvent {
    /// Whether what was to happen later does not, since this was done by hand.
    fn overrules(self, later: &Self) -> bool {
        let of_license = |event: &Self| {
            matches!(
                event,
                Self::LicenseAssigned
                    | Self::LicenseWarned
                    | Self::LicenseSuspended
                    | Self::LicenseRemoved
                    | Self::PlanSwitchedOff
                    | Self::PlanSwitchedOn
            )
        };
        match self {
            Self::Left => true,
            Self::Moved { .. } => matches!(later, Self::Moved { .. }),
            _ => of_license(&self) && of_license(later),
        }
    }
}
