//! Who is asked for which window, and who is not, and why. Pure: no clock, no network, no lake.
//!
//! A request is the scarce good of a large tenant. Microsoft's usage report says for each user on which
//! day (UTC) they were last active, up to 72 hours late. A user whose last active day lies before the
//! day of the watermark has done nothing up to the day on which the report was refreshed; of the days
//! after that nobody knows yet, and the next report will tell. So such a user's turn is later, and
//! comes at the latest when the watermark would be older than a bound before the next sync.

use std::collections::{BTreeMap, HashMap, HashSet};

use hobbs_graph::Window;
use hobbs_lake::{DayNumber, LastActivity, Read, Span, UserRecord};
use serde::Serialize;

use crate::options::{Asking, Period};

const DAY_MS: i64 = 86_400_000;

/// Tenants with fewer users to ask than this are asked whole where nothing else is said: seven minutes
/// at the documented pace, and nobody waits for a report.
const FEW_USERS: usize = 10_000;

/// A sync that asks ahead asks no more users than so many times those active since the last sync.
const AT_A_SYNC: f64 = 1.25;

/// And counts on this much for users who were not active, at each of the next syncs.
const BESIDE_ACTIVE: f64 = 0.15;

/// A report is up to 72 hours late, and the newest until the next one comes. One that was refreshed more
/// than so many days ago has missed a successor, and tells nothing of who is active now.
const REPORT_DAYS_MAX: DayNumber = 4;

/// One user to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The object id.
    pub user_id: String,
    /// How people know the user.
    pub user_principal_name: Option<String>,
    /// What is asked for.
    pub window: Window,
    /// The same window as coverage counts it.
    pub span: Span,
    /// Why it is this user's turn.
    pub due: Due,
}

/// Why it is a user's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Due {
    /// The license has gone since the user was last asked, or the user has left: what can still be read is read.
    LicenseGone,
    /// The license is about to go: the account is disabled, or the subscription has ended.
    LicenseEnding,
    /// Never read.
    New,
    /// The usage report knows of activity on the day of the watermark or later.
    Active,
    /// The usage report does not name this user.
    NotInReport,
    /// The watermark would be older than `max_staleness` before the next sync.
    Stale,
    /// So many watermarks will grow too old at once that some users are asked ahead of their turn.
    Ahead,
    /// Everyone is asked: the tenant is small, there is no usage report with names that is young enough, or it
    /// was asked for.
    Everyone,
}

impl Due {
    /// Every reason, in the order in which users are asked: who may lose the license first.
    pub const ALL: [Self; 8] = [
        Self::LicenseGone,
        Self::LicenseEnding,
        Self::New,
        Self::Active,
        Self::NotInReport,
        Self::Stale,
        Self::Ahead,
        Self::Everyone,
    ];

    /// The reason in words, after "users".
    pub fn words(self) -> &'static str {
        match self {
            Self::LicenseGone => {
                "whose license has gone since the last sync, or who have left: one last time"
            }
            Self::LicenseEnding => {
                "whose license is about to go: account disabled, or subscription ended"
            }
            Self::New => "never read before",
            Self::Active => "active since they were last read, by the usage report",
            Self::NotInReport => "that the usage report does not name",
            Self::Stale => {
                "whose last reading would be older than max_staleness before the next sync"
            }
            Self::Ahead => "ahead of their turn, since too many would have it at once",
            Self::Everyone => "because everyone is asked",
        }
    }
}

/// Why a user's turn is later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Later {
    /// The usage report covers some of the time since the watermark, and knows of no activity in it.
    Inactive,
    /// The usage report does not reach beyond the day of the watermark yet.
    ReportNotThere,
}

impl Later {
    /// Both reasons.
    pub const ALL: [Self; 2] = [Self::Inactive, Self::ReportNotThere];

    /// The reason in words, after "users".
    pub fn words(self) -> &'static str {
        match self {
            Self::Inactive => "not active since they were last read, by the usage report",
            Self::ReportNotThere => "of whose time since they were last read no report tells yet",
        }
    }
}

/// Who is asked, and whose turn is later.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// In the order of asking.
    pub asks: Vec<Ask>,
    /// Object ids, and why.
    pub later: Vec<(String, Later)>,
}

/// What is known when a plan is made.
pub struct Known<'a> {
    /// How far each user was read.
    pub read: &'a HashMap<String, Read>,
    /// What the newest usage report says; None where there is none, or where it conceals names.
    pub report: Option<&'a LastActivity>,
    /// Users whose license is about to go, by object id.
    pub ending: &'a HashSet<String>,
    /// Users whose license has gone since they were last asked, by object id.
    pub gone: &'a HashSet<String>,
}

/// Which time is planned for, and how sparing.
pub struct Wanted {
    /// Which time.
    pub period: Period,
    /// How many are asked.
    pub asking: Asking,
    /// How far back each sync reads again.
    pub overlap_ms: i64,
    /// The moment of the plan, UTC milliseconds.
    pub now_ms: i64,
}

impl Wanted {
    /// The oldest that a reading may become, in milliseconds, where as few of so many users are asked as the
    /// usage report allows.
    fn max_staleness_ms(&self, users: usize) -> Option<i64> {
        let max_staleness_ms = match self.asking {
            Asking::Everyone => None,
            Asking::Sparing { max_staleness_ms } => Some(max_staleness_ms),
            Asking::Auto { max_staleness_ms } => (users >= FEW_USERS).then_some(max_staleness_ms),
        };
        max_staleness_ms.filter(|_| self.period == Period::New)
    }

    /// Whether a usage report can spare any of these users: of those never read it says nothing that counts.
    pub fn needs_report(&self, users: &[&UserRecord], read: &HashMap<String, Read>) -> bool {
        self.max_staleness_ms(users.len()).is_some()
            && users.iter().any(|user| read.contains_key(&user.user_id))
    }

    /// Whether a report is young enough to say who was not active.
    pub fn is_told_by(&self, report: &LastActivity) -> bool {
        day_of(self.now_ms).saturating_sub(report.refreshed) <= REPORT_DAYS_MAX
    }
}

/// The plan for `users`, each of whom is asked once at the most.
pub fn plan<'a>(
    users: impl IntoIterator<Item = &'a UserRecord>,
    known: &Known<'_>,
    wanted: &Wanted,
) -> Plan {
    let users: Vec<&UserRecord> = users.into_iter().collect();
    let turns = Turns::of(known, wanted, users.len());
    let mut plan = Plan::default();
    let mut waiting = Vec::new();
    for user in users {
        match turns.of_user(&user.user_id) {
            Ok(due) => plan.asks.extend(ask(user, due, known, wanted)),
            Err(later) => waiting.push((user, later)),
        }
    }
    let ahead = turns.ahead(&waiting, plan.asks.len());
    // Whose watermark is oldest comes first.
    waiting.sort_by_key(|(user, _)| known.read.get(&user.user_id).map(|read| read.whole.to_ms));
    let (now, later) = waiting.split_at(ahead);
    let asks = now
        .iter()
        .filter_map(|(user, _)| ask(user, Due::Ahead, known, wanted));
    plan.asks.extend(asks);
    plan.later = later
        .iter()
        .map(|(user, later)| (user.user_id.clone(), *later))
        .collect();
    // A stable sort: within a reason users stay in their order.
    plan.asks.sort_by_key(|ask| ask.due);
    plan
}

fn ask(user: &UserRecord, due: Due, known: &Known<'_>, wanted: &Wanted) -> Option<Ask> {
    let read = known.read.get(&user.user_id);
    let window = window(read, wanted.period, wanted.overlap_ms, wanted.now_ms);
    let ask = Ask {
        user_id: user.user_id.clone(),
        user_principal_name: user.user_principal_name.clone(),
        window: up_to_now(window, wanted.now_ms),
        span: Span {
            from_ms: window.from_ms.unwrap_or(0),
            to_ms: window.to_ms.unwrap_or(wanted.now_ms),
        },
        due,
    };
    (!window.is_empty()).then_some(ask)
}

/// What was made in the second that has begun is kept where it is read, though nobody can say that it is all.
fn up_to_now(window: Window, now_ms: i64) -> Window {
    let ends_now = window.to_ms == Some(whole_second(now_ms));
    Window {
        to_ms: window.to_ms.map(|to_ms| {
            if ends_now {
                now_ms.saturating_add(1)
            } else {
                to_ms
            }
        }),
        ..window
    }
}

/// Whose turn it is.
struct Turns<'a> {
    known: &'a Known<'a>,
    now_ms: i64,
    /// None where everyone is asked.
    sparing: Option<Sparing<'a>>,
}

struct Sparing<'a> {
    report: &'a LastActivity,
    max_staleness_ms: i64,
    /// How long it will be until the next sync, as far as the past tells.
    interval_ms: i64,
}

impl<'a> Turns<'a> {
    fn of(known: &'a Known<'a>, wanted: &Wanted, users: usize) -> Self {
        let newest_ms = known.read.values().map(|read| read.whole.to_ms).max();
        let interval_ms = newest_ms.map_or(DAY_MS, |ms| wanted.now_ms.saturating_sub(ms));
        let sparing = known
            .report
            .filter(|report| wanted.is_told_by(report))
            .zip(wanted.max_staleness_ms(users))
            .map(|(report, max_staleness_ms)| Sparing {
                report,
                max_staleness_ms,
                interval_ms: interval_ms.clamp(0, DAY_MS),
            });
        Turns {
            known,
            now_ms: wanted.now_ms,
            sparing,
        }
    }

    fn of_user(&self, user_id: &str) -> Result<Due, Later> {
        if self.known.gone.contains(user_id) {
            return Ok(Due::LicenseGone);
        }
        if self.known.ending.contains(user_id) {
            return Ok(Due::LicenseEnding);
        }
        let Some(read) = self.known.read.get(user_id) else {
            return Ok(Due::New);
        };
        let Some(sparing) = &self.sparing else {
            return Ok(Due::Everyone);
        };
        let watermark_ms = read.whole.to_ms;
        let age_ms = self.now_ms.saturating_sub(watermark_ms);
        if age_ms.saturating_add(sparing.interval_ms) > sparing.max_staleness_ms {
            return Ok(Due::Stale);
        }
        let watermark = day_of(watermark_ms);
        match sparing.report.by_user.get(user_id) {
            None => Ok(Due::NotInReport),
            // What happened on the watermark's own day may have happened after it.
            Some(Some(last)) if *last >= watermark => Ok(Due::Active),
            Some(_) if sparing.report.refreshed < watermark => Err(Later::ReportNotThere),
            Some(_) => Err(Later::Inactive),
        }
    }
}

impl Turns<'_> {
    /// How many of those whose turn is later are asked now, so that not all have their turn at once:
    /// after a first sync all watermarks are of one age.
    ///
    /// Of those who wait, some will be active before their watermark is too old, and are asked for
    /// that. The rest should fit into what the syncs until then can take beside the active ones.
    fn ahead(&self, waiting: &[(&UserRecord, Later)], due: usize) -> usize {
        let Some(sparing) = &self.sparing else {
            return 0;
        };
        let active = sparing.active_at_a_sync();
        let users = sparing.report.by_user.len().max(1) as f64;
        let stays_away = (1.0 - active / users).clamp(0.0, 1.0);
        let mut due_after: BTreeMap<i32, f64> = BTreeMap::new();
        for (user, _) in waiting {
            *due_after.entry(self.syncs_left(sparing, user)).or_default() += 1.0;
        }
        let mut waves = 0.0;
        let mut too_many = 0.0_f64;
        for (syncs, users) in due_after {
            waves += users * stays_away.powi(syncs);
            too_many = too_many.max(waves - f64::from(syncs) * BESIDE_ACTIVE * active);
        }
        let room = (AT_A_SYNC * active - due as f64).max(0.0);
        (too_many.min(room) as usize).min(waiting.len())
    }

    /// After how many syncs the watermark of a user would be too old.
    fn syncs_left(&self, sparing: &Sparing<'_>, user: &UserRecord) -> i32 {
        let read = self.known.read.get(&user.user_id);
        let age_ms = read.map_or(0, |read| self.now_ms.saturating_sub(read.whole.to_ms));
        let left_ms = sparing.max_staleness_ms.saturating_sub(age_ms);
        i32::try_from(left_ms / sparing.interval_ms.max(1)).map_or(i32::MAX, |syncs| syncs.max(1))
    }
}

impl Sparing<'_> {
    /// Users active between two syncs, by the last day of the report.
    fn active_at_a_sync(&self) -> f64 {
        let last_day = Some(self.report.refreshed);
        let active = self
            .report
            .by_user
            .values()
            .filter(|last| **last == last_day);
        active.count() as f64 * self.interval_ms as f64 / DAY_MS as f64
    }
}

/// The UTC day of a moment in UTC milliseconds.
fn day_of(ms: i64) -> DayNumber {
    DayNumber::try_from(ms.div_euclid(DAY_MS)).unwrap_or(DayNumber::MAX)
}

fn window(read: Option<&Read>, period: Period, overlap_ms: i64, now_ms: i64) -> Window {
    // Nothing can be known of the future, whatever is asked for.
    let now_ms = whole_second(now_ms);
    match period {
        Period::All => Window::until(now_ms),
        Period::Since(from_ms) => {
            Window::between(far_enough_back(read, overlap_ms, from_ms, now_ms), now_ms)
        }
        Period::Between(from_ms, to_ms) => {
            let to_ms = to_ms.min(now_ms);
            Window::between(far_enough_back(read, overlap_ms, from_ms, to_ms), to_ms)
        }
        Period::New => match read {
            None => Window::until(now_ms),
            // A clock that went back must not turn the window around: then the overlap is read.
            Some(read) => {
                let from_ms = read.whole.to_ms.min(now_ms).saturating_sub(overlap_ms);
                Window::between(from_ms.max(read.whole.from_ms), now_ms)
            }
        },
    }
}

/// From where a window is read that was asked for from a moment. Where it goes on from what is whole,
/// coverage joins the two, and the next sync of everything new begins at the end of both; so this one
/// has to read the overlap before the end of the first, or rows that came late there stay out for good.
fn far_enough_back(read: Option<&Read>, overlap_ms: i64, from_ms: i64, to_ms: i64) -> i64 {
    match read.map(|read| read.whole) {
        Some(whole) if from_ms <= whole.to_ms && whole.to_ms < to_ms => {
            let overlap_from_ms = whole.to_ms.saturating_sub(overlap_ms);
            from_ms.min(overlap_from_ms.max(whole.from_ms))
        }
        _ => from_ms,
    }
}

/// Whole seconds are the safe precision of Graph's filter.
fn whole_second(ms: i64) -> i64 {
    ms.div_euclid(1000) * 1000
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const NOW_MS: i64 = 1_790_000_000_500;
    const NOW_S: i64 = 1_790_000_000_000;
    const SPARING: Asking = Asking::Sparing {
        max_staleness_ms: 7 * DAY_MS,
    };

    fn user() -> UserRecord {
        UserRecord {
            user_id: "u".to_owned(),
            ..UserRecord::default()
        }
    }

    fn read(whole: Option<Span>) -> HashMap<String, Read> {
        let read = whole.map(|whole| ("u".to_owned(), Read { whole }));
        read.into_iter().collect()
    }

    fn made(read: &HashMap<String, Read>, report: Option<&LastActivity>, wanted: &Wanted) -> Plan {
        let nobody = HashSet::new();
        let known = Known {
            read,
            report,
            ending: &nobody,
            gone: &nobody,
        };
        plan([&user()], &known, wanted)
    }

    fn wanted(period: Period, asking: Asking) -> Wanted {
        Wanted {
            period,
            asking,
            overlap_ms: DAY_MS,
            now_ms: NOW_MS,
        }
    }

    fn ask(whole: Option<Span>, period: Period) -> Option<Ask> {
        made(&read(whole), None, &wanted(period, Asking::Everyone))
            .asks
            .pop()
    }
    #[test]
    fn a_new_user_is_asked_for_all_history() {
        let ask = ask(None, Period::New).unwrap();
        assert_eq!(ask.window, Window::until(NOW_MS + 1));
        assert_eq!(
            ask.span,
            Span {
                from_ms: 0,
                to_ms: NOW_S
            }
        );
    }

    #[test]
    fn a_known_user_is_asked_from_the_end_less_the_overlap() {
        let end = NOW_S - 3 * DAY_MS;
        let ask = ask(
            Some(Span {
                from_ms: 0,
                to_ms: end,
            }),
            Period::New,
        )
        .unwrap();
        assert_eq!(ask.window, Window::between(end - DAY_MS, NOW_MS + 1));
    }

    #[test]
    fn what_was_never_read_is_not_reached_by_the_overlap() {
        // The span begins later than the overlap reaches: coverage must not claim more.
        let whole = Span {
            from_ms: NOW_S - DAY_MS / 2,
            to_ms: NOW_S - 1000,
        };
        assert_eq!(
            ask(Some(whole), Period::New).unwrap().window.from_ms,
            Some(whole.from_ms)
        );
    }

    #[test]
    fn a_clock_that_went_back_still_reads_the_overlap() {
        let ask = ask(
            Some(Span {
                from_ms: 0,
                to_ms: NOW_S + 5 * DAY_MS,
            }),
            Period::New,
        )
        .unwrap();
        assert_eq!(ask.window, Window::between(NOW_S - DAY_MS, NOW_MS + 1));
    }

    /// An hour is enough to see what happens at the ends of windows.
    const HOUR_MS: i64 = 3_600_000;

    /// What a sync is asked for, the time since the one before in hours, and for `Since` how long back.
    fn syncs() -> impl Strategy<Value = Vec<(i64, Option<i64>)>> {
        prop::collection::vec((1i64..60, prop::option::of(1i64..120)), 1..8)
    }

    proptest! {
        #[test]
        fn no_row_stays_out_that_comes_no_later_than_the_overlap(
            syncs in syncs(),
            rows in prop::collection::vec((1i64..200, 0i64..24), 1..40),
        ) {
            let whole_of = |spans: &[Span]| {
                let joined = hobbs_lake::joined(spans.to_vec());
                joined.first().map(|whole| Read { whole: *whole })
            };
            let (mut now_ms, mut spans) = (0, Vec::new());
            let mut was_read = vec![false; rows.len()];
            // What lies before a first sync that was asked for some days is left out on purpose.
            for (hours, back) in [(1, None)].into_iter().chain(syncs).chain([(1, None)]) {
                now_ms += hours * HOUR_MS;
                let period = back.map_or(Period::New, |hours| Period::Since(now_ms - hours * HOUR_MS));
                let window = window(whole_of(&spans).as_ref(), period, DAY_MS, now_ms);
                let from_ms = window.from_ms.unwrap_or(0);
                for ((created, late), was_read) in rows.iter().zip(&mut was_read) {
                    let created_ms = created * HOUR_MS - 1000;
                    let is_there = created_ms + late * HOUR_MS <= now_ms;
                    *was_read |= is_there && from_ms <= created_ms && created_ms < now_ms;
                }
                spans.push(Span { from_ms, to_ms: now_ms });
            }
            for ((created, late), was_read) in rows.iter().zip(&was_read) {
                let is_there = (created + late) * HOUR_MS - 1000 <= now_ms && created * HOUR_MS <= now_ms;
                prop_assert!(*was_read || !is_there, "created {created} h, {late} h late, now {} h", now_ms / HOUR_MS);
            }
        }
    }

    #[test]
    fn an_empty_window_asks_nobody() {
        assert_eq!(ask(None, Period::Between(NOW_S, NOW_S)), None);
        assert_eq!(ask(None, Period::Since(NOW_S + DAY_MS)), None);
    }

    /// A report of one user, refreshed so many days before now, and active last so many days before now.
    fn report(refreshed: i64, last: Option<i64>) -> LastActivity {
        let day = |days_ago: i64| day_of(NOW_MS - days_ago * DAY_MS);
        LastActivity {
            refreshed: day(refreshed),
            by_user: [("u".to_owned(), last.map(day))].into(),
        }
    }

    fn turn(read_days_ago: i64, report: Option<&LastActivity>) -> Result<Due, Later> {
        let to_ms = NOW_MS - read_days_ago * DAY_MS;
        let plan = made(
            &read(Some(Span { from_ms: 0, to_ms })),
            report,
            &wanted(Period::New, SPARING),
        );
        match (&plan.asks[..], &plan.later[..]) {
            ([ask], []) => Ok(ask.due),
            ([], [(_, later)]) => Err(*later),
            other => panic!("one user has one turn: {other:?}"),
        }
    }

    #[test]
    fn a_turn_is_later_only_for_what_the_report_covers() {
        let last = |refreshed, last| Some(report(refreshed, last));
        for (read_days_ago, report, expected) in [
            (3, last(2, Some(4)), Err(Later::Inactive)),
            (3, last(2, None), Err(Later::Inactive)),
            // On the watermark's own day: before or after it, nobody knows.
            (3, last(2, Some(3)), Ok(Due::Active)),
            (3, last(2, Some(2)), Ok(Due::Active)),
            (1, last(2, Some(9)), Err(Later::ReportNotThere)),
            (6, last(2, Some(9)), Err(Later::Inactive)),
            (7, last(2, Some(9)), Ok(Due::Stale)),
            (3, None, Ok(Due::Everyone)),
            (3, last(4, Some(9)), Err(Later::ReportNotThere)),
            // Nothing for five days: whatever it says is of another time.
            (6, last(5, Some(9)), Ok(Due::Everyone)),
        ] {
            // The newest reading is the only one, so the interval is at its most: a day.
            assert_eq!(
                turn(read_days_ago, report.as_ref()),
                expected,
                "read {read_days_ago} days ago, {report:?}"
            );
        }
        let empty = LastActivity {
            refreshed: day_of(NOW_MS),
            by_user: HashMap::new(),
        };
        assert_eq!(turn(3, Some(&empty)), Ok(Due::NotInReport));
    }

    #[test]
    fn small_tenants_are_asked_whole_and_a_window_that_was_named_is_too() {
        let span = Span {
            from_ms: 0,
            to_ms: NOW_MS - 3 * DAY_MS,
        };
        let (read, report) = (read(Some(span)), report(2, None));
        let auto = Asking::Auto {
            max_staleness_ms: 7 * DAY_MS,
        };
        for wanted in [
            wanted(Period::New, auto),
            wanted(Period::All, SPARING),
            wanted(Period::Since(NOW_MS - DAY_MS), SPARING),
        ] {
            assert_eq!(made(&read, Some(&report), &wanted).asks.len(), 1);
        }
    }

    #[test]
    fn who_may_lose_the_license_comes_first_and_is_never_later() {
        let users: Vec<UserRecord> = ["quiet", "new", "ending", "gone"]
            .map(|id| UserRecord {
                user_id: id.to_owned(),
                ..UserRecord::default()
            })
            .to_vec();
        let whole = Span {
            from_ms: 0,
            to_ms: NOW_MS - 3 * DAY_MS,
        };
        let read = ["quiet", "ending", "gone"].map(|id| (id.to_owned(), Read { whole }));
        let report = LastActivity {
            refreshed: day_of(NOW_MS - 2 * DAY_MS),
            by_user: ["quiet", "ending", "gone"]
                .map(|id| (id.to_owned(), None))
                .into(),
        };
        let known = Known {
            read: &read.into(),
            report: Some(&report),
            ending: &HashSet::from(["ending".to_owned()]),
            gone: &HashSet::from(["gone".to_owned()]),
        };
        let plan = plan(&users, &known, &wanted(Period::New, SPARING));
        let order: Vec<&str> = plan.asks.iter().map(|ask| ask.user_id.as_str()).collect();
        assert_eq!(order, ["gone", "ending", "new"]);
        assert_eq!(plan.later, [("quiet".to_owned(), Later::Inactive)]);
    }

    proptest! {
        /// Days of activity, syncs once a day with a report that is some days behind: nobody's last
        /// reading grows older than the bound, and whatever happened is inside a later reading's
        /// window once the bound has passed.
        #[test]
        fn nobody_is_forgotten(
            active in prop::collection::vec(any::<bool>(), 40),
            lag in 1i64..4,
            first in 0i64..86_400_000,
        ) {
            let origin_ms = 20_000 * DAY_MS + first;
            let mut whole = Span { from_ms: 0, to_ms: origin_ms };
            for day in 1..40i64 {
                let now_ms = origin_ms + day * DAY_MS;
                let refreshed = day_of(now_ms) - DayNumber::try_from(lag).unwrap();
                let last = (0..40)
                    .filter(|at| active[*at])
                    .map(|at| day_of(origin_ms) + DayNumber::try_from(at).unwrap())
                    .filter(|day| *day <= refreshed)
                    .max();
                let report = LastActivity { refreshed, by_user: [("u".to_owned(), last)].into() };
                let wanted = Wanted { now_ms, ..wanted(Period::New, SPARING) };
                prop_assert!(now_ms - whole.to_ms <= 7 * DAY_MS);
                let plan = made(&read(Some(whole)), Some(&report), &wanted);
                if let Some(ask) = plan.asks.first() {
                    prop_assert!(ask.span.from_ms <= whole.to_ms);
                    whole.to_ms = ask.span.to_ms;
                } else if let Some(last) = last {
                    prop_assert!(last < day_of(whole.to_ms), "activity that the report knows of is never put off");
                }
            }
        }
    }
}
