//! What a user did, and what each side knows of it.

use hobbs_reconcile::columns::{COLUMNS, Feeds};
use hobbs_reconcile::days::{begin_ms, day_of};
use hobbs_reconcile::facts::{Failure, LicenseRow};
use hobbs_reconcile::spans::{Span, Spans};
use hobbs_reconcile::{Asked, Coverage, DayTally, Licensing, ReportRow, Tally, UserFacts};
use jiff::civil::{Date, date};
use proptest::prelude::*;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// The tenant's time zone.
const EAST_MS: i64 = 9 * HOUR_MS;

pub fn asked() -> Asked {
    Asked {
        refreshed: date(2026, 11, 20),
        period_days: 28,
        v2: true,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Typed,
    Clicked,
    Viewed,
    Automatic,
    Unknown,
    Noise,
}

#[derive(Debug, Clone)]
pub struct Event {
    pub class: &'static str,
    pub kind: Kind,
    pub at_ms: i64,
}

impl Event {
    pub fn at(class: &'static str, kind: Kind, at_ms: i64) -> Event {
        Event { class, kind, at_ms }
    }

    pub fn utc_day(&self) -> Date {
        day_of(self.at_ms)
    }

    fn local_day(&self) -> Date {
        day_of(self.at_ms + EAST_MS)
    }

    /// The same on the same day, at an hour in which the time zone makes no other day of it.
    pub fn by_day(self) -> Event {
        let begin_ms = self.at_ms.div_euclid(DAY_MS) * DAY_MS;
        Event {
            at_ms: begin_ms + (self.at_ms - begin_ms) / 2,
            ..self
        }
    }

    fn counts(&self) -> bool {
        matches!(self.kind, Kind::Typed | Kind::Clicked | Kind::Viewed)
    }

    fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        match self.kind {
            Kind::Typed => tally.typed = 1,
            Kind::Clicked => tally.clicked = 1,
            Kind::Viewed | Kind::Automatic => tally.automatic = 1,
            Kind::Unknown => tally.unknown = 1,
            Kind::Noise => tally.system_or_noise = 1,
        }
        tally
    }
}

/// What is wrong in a world, besides what the exchanges themselves show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    Nothing,
    /// Days that could not be read.
    Gap,
    /// Nothing before a day was asked for.
    ReadFrom,
    /// Microsoft counts by the tenant's time zone.
    Zone,
    /// Without a license for some days, which Microsoft does not count.
    Unlicensed,
    /// In Planner too.
    NoColumn,
    /// In Edge too, which Graph does not list.
    NoCounterpart,
}

#[derive(Debug, Clone)]
pub struct World {
    pub events: Vec<Event>,
    pub cause: Cause,
    pub coverage: Coverage,
    pub licenses: Vec<LicenseRow>,
    pub in_report: bool,
    /// Microsoft's date for Word, if it is not that of the truth.
    pub word: Option<Option<Date>>,
    from_ms: i64,
    to_ms: i64,
}

impl World {
    pub fn of(events: Vec<Event>, cause: Cause) -> World {
        World {
            events,
            cause,
            coverage: Coverage {
                whole: Span::new(0, i64::MAX).into_iter().collect(),
                ..Coverage::default()
            },
            licenses: Vec::new(),
            in_report: true,
            word: None,
            from_ms: 0,
            to_ms: 0,
        }
    }

    pub fn has(&self, is: impl Fn(&Event) -> bool) -> bool {
        self.events.iter().any(is)
    }

    fn inside(&self, event: &Event) -> bool {
        self.from_ms <= event.at_ms && event.at_ms < self.to_ms
    }

    /// What the lake holds.
    fn ours(&self) -> Vec<(String, Vec<DayTally>)> {
        let mut classes: Vec<(String, Vec<DayTally>)> = Vec::new();
        for event in &self.events {
            let unread = match self.cause {
                Cause::Gap => self.inside(event),
                Cause::ReadFrom => event.at_ms < self.from_ms,
                _ => event.class == "Edge",
            };
            if unread || event.class == "Edge" {
                continue;
            }
            let class = format!("IPM.SkypeTeams.Message.Copilot.{}", event.class);
            let entry = DayTally {
                day: event.utc_day(),
                local_day: event.local_day(),
                tally: event.tally(),
            };
            match classes.iter_mut().find(|(name, _)| *name == class) {
                Some((_, days)) => days.push(entry),
                None => classes.push((class, vec![entry])),
            }
        }
        classes
    }

    /// What Microsoft counts.
    fn report(&self) -> ReportRow {
        let day = |event: &Event| match self.cause {
            Cause::Zone => event.local_day(),
            _ => event.utc_day(),
        };
        let counted: Vec<&Event> = self
            .events
            .iter()
            .filter(|event| {
                event.counts() && day(event) <= asked().refreshed && event.class != "Planner"
            })
            .filter(|event| self.cause != Cause::Unlicensed || !self.inside(event))
            .collect();
        let mut row = ReportRow::default();
        for (column, at) in COLUMNS.iter().zip(0..) {
            let feeds = |event: &&&Event| match &column.feeds {
                Feeds::Nothing => column.name == event.class,
                _ => column.is_fed_by(event.class),
            };
            row.dates[at] = counted.iter().filter(feeds).map(|event| day(event)).max();
        }
        if let Some(word) = self.word {
            row.dates[3] = word;
        }
        row.dates[0] = row.dates.iter().copied().max().flatten();
        if self.word.is_none() {
            let inside = || counted.iter().filter(|event| asked().holds(day(event)));
            let prompts = |classes: &[&str]| {
                inside()
                    .filter(|event| classes.contains(&event.class))
                    .count() as u64
            };
            row.prompts = Some(inside().count() as u64);
            row.prompts_work = Some(prompts(&["BizChat"]));
            row.prompts_web = Some(prompts(&["WebChat"]));
            let days: std::collections::BTreeSet<Date> = inside().map(|event| day(event)).collect();
            row.active_days = Some(days.len() as u64);
        }
        row
    }

    pub fn facts(&self) -> UserFacts {
        UserFacts {
            user_id: "u1".into(),
            user_principal_name: Some("u1@contoso.com".into()),
            report: self.in_report.then(|| self.report()),
            classes: self.ours(),
            coverage: self.coverage.clone(),
            licensing: Licensing::of(&self.licenses),
        }
    }
}

const CLASSES: [&str; 6] = ["Word", "Excel", "Teams", "BizChat", "WebChat", "Outlook"];

fn event(kinds: &'static [Kind]) -> impl Strategy<Value = Event> {
    let end_ms = begin_ms(asked().refreshed) + 4 * DAY_MS;
    (
        prop::sample::select(&CLASSES[..]),
        prop::sample::select(kinds),
        0i64..70 * DAY_MS,
    )
        .prop_map(move |(class, kind, ago)| Event::at(class, kind, end_ms - ago))
}

const KINDS: [Kind; 5] = [
    Kind::Typed,
    Kind::Clicked,
    Kind::Viewed,
    Kind::Automatic,
    Kind::Noise,
];

const CAUSES: [Cause; 7] = [
    Cause::Nothing,
    Cause::Gap,
    Cause::ReadFrom,
    Cause::Zone,
    Cause::Unlicensed,
    Cause::NoColumn,
    Cause::NoCounterpart,
];

/// A user with some events, and one thing that is wrong.
pub fn world() -> impl Strategy<Value = World> {
    world_of(&CAUSES)
}

pub fn world_of(causes: &'static [Cause]) -> impl Strategy<Value = World> {
    let events = prop::collection::vec(event(&KINDS), 0..25);
    let odd = prop::collection::vec(event(&[Kind::Typed, Kind::Clicked]), 1..4);
    (
        prop::sample::select(causes),
        events,
        odd,
        0i64..40,
        1i64..20,
    )
        .prop_map(|(cause, events, odd, ago, days)| made(cause, events, odd, ago, days))
}

fn made(cause: Cause, events: Vec<Event>, odd: Vec<Event>, ago: i64, days: i64) -> World {
    let mut world = World::of(events, cause);
    world.from_ms = begin_ms(asked().refreshed) - ago * DAY_MS;
    world.to_ms = world.from_ms + days * DAY_MS;
    let whole = |spans: [Option<Span>; 2]| -> Spans { spans.into_iter().flatten().collect() };
    match cause {
        Cause::Nothing | Cause::Zone => {}
        Cause::Gap => {
            world.coverage.whole = whole([
                Span::new(0, world.from_ms),
                Span::new(world.to_ms, i64::MAX),
            ]);
            let span = Span::new(world.from_ms, world.to_ms).unwrap();
            world.coverage.failures = vec![Failure {
                span,
                code: "retries_exhausted".into(),
            }];
        }
        Cause::ReadFrom => {
            world.coverage.whole = whole([Span::new(world.from_ms, i64::MAX), None]);
        }
        Cause::Unlicensed => {
            let row = |licensed, from_ms, to_ms| LicenseRow {
                licensed,
                assigned_ms: None,
                from_ms,
                to_ms,
            };
            world.licenses = vec![
                row(true, 0, Some(world.from_ms)),
                row(false, world.from_ms, Some(world.to_ms)),
                row(true, world.to_ms, None),
            ];
        }
        Cause::NoColumn | Cause::NoCounterpart => {
            let class = if cause == Cause::NoColumn {
                "Planner"
            } else {
                "Edge"
            };
            world
                .events
                .extend(odd.into_iter().map(|event| Event { class, ..event }));
        }
    }
    world
}
