//! What is drawn to happen to people: their lives, as far as nobody does anything by hand.

use crate::draw::{Draw, hash, unit};
use crate::options::TenantOptions;
use crate::population::life::{License, Life, LifeEvent, State};
use crate::population::names::DEPARTMENTS;
use crate::population::people::Access;
use crate::time::DAY_MS;
use crate::turnover::Turnover;

const LIVE_DAYS: i64 = 365;
/// What a [`Turnover`] counts in.
const SEASON_DAYS: f64 = 90.0;

/// Draws lives.
#[derive(Debug, Clone)]
pub(crate) struct Fate {
    seed: u64,
    turnover: Turnover,
    from_ms: i64,
    until_ms: i64,
}

/// A person as far as fate must know them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fated {
    pub(crate) index: u32,
    pub(crate) access: Access,
    pub(crate) leads: bool,
    pub(crate) department: &'static str,
    /// How many departments have a head, from the first on.
    pub(crate) departments: usize,
}

/// Whether a person joins or leaves.
#[derive(Clone, Copy, PartialEq)]
enum Presence {
    Stays,
    Joins(i64),
    Leaves(i64),
}

impl Fate {
    pub(crate) fn new(options: &TenantOptions, start_ms: i64) -> Self {
        let live_days = if options.live { LIVE_DAYS } else { 0 };
        Self {
            seed: options.seed,
            turnover: options.turnover,
            from_ms: start_ms - i64::from(options.days_of_history) * DAY_MS,
            until_ms: start_ms + live_days * DAY_MS,
        }
    }

    /// Whether nothing happens to anybody.
    pub(crate) fn is_quiet(&self) -> bool {
        self.turnover.is_none()
    }

    /// The life of a person, given whoever would be at the other end of a license that moves.
    pub(crate) fn life(&self, person: Fated, partner: Option<Fated>) -> Life {
        let mut begins = State::with(License::of(person.access));
        if self.is_quiet() || person.access == Access::Deleted {
            return Life::new(begins, Vec::new());
        }
        let mut events = Vec::new();
        let presence = self.presence(person);
        match presence {
            Presence::Joins(at_ms) => {
                begins.exists = false;
                events.push((at_ms, LifeEvent::Joined));
                if begins.license == License::Enabled {
                    begins.license = License::Never;
                    let licensed_ms = at_ms + self.days(person.index, 0x1, 0, 3);
                    events.push((licensed_ms, LifeEvent::LicenseAssigned));
                }
            }
            Presence::Leaves(at_ms) => {
                let disabled_ms = at_ms - self.days(person.index, 0x2, 3, 20);
                events.push((disabled_ms, LifeEvent::AccountDisabled));
                events.push((at_ms, LifeEvent::Left));
            }
            Presence::Stays if person.access == Access::Readable => {
                self.license(person, partner, &mut begins, &mut events);
            }
            Presence::Stays => {}
        }
        self.moves(person, &mut events);
        if self.happens(person.index, 0x50, self.turnover.long_leaves) {
            let began_ms = self.moment(person.index, 0x51);
            events.push((began_ms, LifeEvent::LeaveBegan));
            let ended_ms = began_ms + self.days(person.index, 0x52, 14, 56);
            events.push((ended_ms, LifeEvent::LeaveEnded));
        }
        events.retain(|(at_ms, _)| *at_ms <= self.until_ms);
        Life::new(begins, events)
    }

    fn license(
        &self,
        person: Fated,
        partner: Option<Fated>,
        begins: &mut State,
        events: &mut Vec<(i64, LifeEvent)>,
    ) {
        if let Some((at_ms, gives)) = self.handing_over(person, partner) {
            if gives {
                events.push((at_ms, LifeEvent::LicenseRemoved));
            } else {
                begins.license = License::Never;
                events.push((at_ms, LifeEvent::LicenseAssigned));
            }
            return;
        }
        let index = person.index;
        let at_ms = self.moment(index, 0x21);
        let stories = [
            self.turnover.licensed_late,
            self.turnover.license_removed,
            self.turnover.plan_switched,
        ];
        match self.one_of(index, 0x20, stories) {
            Some(0) => {
                begins.license = License::Never;
                events.push((at_ms, LifeEvent::LicenseAssigned));
            }
            Some(1) => self.removal(index, at_ms, events),
            Some(2) => {
                events.push((at_ms, LifeEvent::PlanSwitchedOff));
                let on_ms = at_ms + self.days(index, 0x22, 7, 40);
                events.push((on_ms, LifeEvent::PlanSwitchedOn));
            }
            _ => {}
        }
    }

    fn removal(&self, index: u32, at_ms: i64, events: &mut Vec<(i64, LifeEvent)>) {
        if self.unit(index, 0x30) < self.turnover.license_warned {
            let suspended_ms = at_ms - self.days(index, 0x31, 2, 6);
            let warned_ms = suspended_ms - self.days(index, 0x32, 5, 15);
            events.push((warned_ms, LifeEvent::LicenseWarned));
            events.push((suspended_ms, LifeEvent::LicenseSuspended));
        }
        events.push((at_ms, LifeEvent::LicenseRemoved));
        if self.unit(index, 0x33) < self.turnover.license_returned {
            let returned_ms = at_ms + self.days(index, 0x34, 7, 30);
            events.push((returned_ms, LifeEvent::LicenseAssigned));
        }
    }

    /// When a license moves between two people, if it does, and whether this is the one who gives it.
    fn handing_over(&self, person: Fated, partner: Option<Fated>) -> Option<(i64, bool)> {
        let partner = partner?;
        let pair = person.index.min(partner.index);
        let able = |person: Fated| {
            person.access == Access::Readable && self.presence(person) == Presence::Stays
        };
        let moves =
            self.happens(pair, 0x40, self.turnover.license_moved) && able(person) && able(partner);
        let lower_gives = hash(&[self.seed, u64::from(pair), 0xfa7e, 0x42]) & 1 == 0;
        moves.then(|| {
            let gives = lower_gives == (person.index == pair);
            (self.moment(pair, 0x41), gives)
        })
    }

    fn presence(&self, person: Fated) -> Presence {
        if person.leads || person.access == Access::Deleted {
            return Presence::Stays;
        }
        let at_ms = self.moment(person.index, 0x11);
        match self.one_of(
            person.index,
            0x10,
            [self.turnover.leavers, self.turnover.joiners],
        ) {
            Some(0) => Presence::Leaves(at_ms),
            Some(_) => Presence::Joins(at_ms),
            None => Presence::Stays,
        }
    }

    fn moves(&self, person: Fated, events: &mut Vec<(i64, LifeEvent)>) {
        let able = !person.leads && person.access != Access::Guest;
        if !able || !self.happens(person.index, 0x60, self.turnover.movers) {
            return;
        }
        let others: Vec<&'static str> = DEPARTMENTS[..person.departments]
            .iter()
            .copied()
            .filter(|department| *department != person.department)
            .collect();
        if !others.is_empty() {
            let department = others[Draw::of(&[self.seed, u64::from(person.index), 0xfa7e, 0x62])
                .below(others.len() as u64) as usize];
            let at_ms = self.moment(person.index, 0x61);
            events.push((at_ms, LifeEvent::Moved { department }));
        }
    }

    fn unit(&self, index: u32, what: u64) -> f64 {
        unit(hash(&[self.seed, u64::from(index), 0xfa7e, what]))
    }

    /// The share of the whole time that a share of 90 days makes.
    fn over_all(&self, share: f64) -> f64 {
        share * ((self.until_ms - self.from_ms) / DAY_MS) as f64 / SEASON_DAYS
    }

    fn happens(&self, index: u32, what: u64, share: f64) -> bool {
        self.unit(index, what) < self.over_all(share)
    }

    /// Which one of several things happens that exclude each other, if any.
    fn one_of<const N: usize>(&self, index: u32, what: u64, shares: [f64; N]) -> Option<usize> {
        let drawn = self.unit(index, what);
        let mut reached = 0.0;
        shares.iter().position(|share| {
            reached += self.over_all(*share);
            drawn < reached
        })
    }

    /// A whole second, as the directory shows times.
    fn moment(&self, index: u32, what: u64) -> i64 {
        let seconds = (self.until_ms - self.from_ms) / 1000;
        let drawn = (self.unit(index, what) * seconds as f64) as i64;
        (self.from_ms / 1000 + 1 + drawn.min(seconds - 1)) * 1000
    }

    fn days(&self, index: u32, what: u64, low: i64, high: i64) -> i64 {
        let mut draw = Draw::of(&[self.seed, u64::from(index), 0xfa7e, what]);
        draw.between(low * 86_400, high * 86_400) * 1000
    }
}
