//! Made-up users with a known truth, of which each side sees its part.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod truth;

use hobbs_reconcile::days::begin_ms;
use hobbs_reconcile::facts::{Failure, LicenseRow};
use hobbs_reconcile::spans::Span;
use hobbs_reconcile::{Code, Coverage, Licensing, Line, lines};
use jiff::ToSpan;
use jiff::civil::Date;
use proptest::prelude::*;
use truth::{Cause, Event, Kind, World, asked, world, world_of};

fn judged(world: &World) -> Vec<Line> {
    lines(&world.facts(), &asked())
}

fn codes(line: &Line) -> Vec<Code> {
    let mut codes = vec![line.reason];
    codes.extend(&line.also);
    codes
}

/// What may stand in a line of a world in which nothing but this is wrong. What the exchanges
/// themselves show is always allowed.
fn allowed(cause: Cause) -> Vec<Code> {
    let mut allowed = vec![
        Code::Same,
        Code::ClickedOnly,
        Code::AutomaticOnly,
        Code::ReportNotRefreshed,
    ];
    allowed.extend(match cause {
        Cause::Nothing => vec![],
        Cause::Gap => vec![Code::HistoryNotWhole],
        Cause::ReadFrom => vec![Code::OutsideWindow],
        Cause::Zone => vec![Code::OutsideWindow],
        Cause::Unlicensed => vec![Code::LicenseMissing],
        Cause::NoColumn => vec![Code::AppWithoutColumn],
        Cause::NoCounterpart => vec![Code::NoCounterpart],
    });
    allowed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn one_cause_leaves_nothing_unexplained(world in world()) {
        for line in judged(&world) {
            for code in codes(&line) {
                prop_assert!(allowed(world.cause).contains(&code), "{:?}: {:#?}", world.cause, line);
            }
        }
    }

    #[test]
    fn reasons_never_contradict_the_facts(world in world(), shift in -40i64..40, extra in 0u64..5) {
        // A report that says anything.
        let mut facts = world.facts();
        if let Some(row) = &mut facts.report {
            row.dates[3] = row.dates[3].or(row.dates[0]).map(|day| day.saturating_add(shift.days()).min(asked().refreshed));
            row.dates[0] = row.dates[0].max(row.dates[3]);
            row.prompts = row.prompts.map(|prompts| prompts + extra);
        }
        for line in lines(&facts, &asked()) {
            let theirs = line.microsoft.last_activity;
            for code in codes(&line) {
                match code {
                    Code::HistoryNotWhole => {
                        let gap = line.gap.as_ref().unwrap();
                        let (from, to) = (gap.from.map_or(0, |at| at.as_millisecond()), gap.to.map_or(i64::MAX, |at| at.as_millisecond()));
                        let gap = Span::new(from, to).unwrap();
                        prop_assert!(facts.coverage.whole.iter().all(|read| !read.overlaps(gap)));
                    }
                    Code::AutomaticOnly => prop_assert!(line.ours.last_automatic.is_some(), "{line:#?}"),
                    Code::Undecided => prop_assert!(world.has(|event| event.kind == Kind::Unknown)),
                    Code::ClickedOnly => prop_assert!(line.ours.last_clicked.is_some() && (line.ours.last_clicked >= theirs || line.microsoft.prompts.is_some())),
                    Code::ReportNotRefreshed => prop_assert!(line.ours.last_any > Some(asked().refreshed)),
                    Code::AppWithoutColumn => prop_assert!(world.has(|event| event.class == "Planner")),
                    Code::NoCounterpart => prop_assert!(facts.report.as_ref().unwrap().dates[12].is_some()),
                    Code::LicenseMissing => prop_assert_eq!(world.cause, Cause::Unlicensed),
                    Code::Same => prop_assert!(line.also.is_empty()),
                    Code::OutsideWindow | Code::Concealed | Code::Unexplained => {}
                }
            }
        }
    }

    #[test]
    fn what_nothing_explains_is_unexplained(world in world_of(&[Cause::Nothing]), back in 0i64..20) {
        // Microsoft names a day on which nothing is here, though all has been read.
        let day = asked().refreshed.saturating_sub(back.days());
        let near = |event: &Event| (event.utc_day() - day).get_days().abs() <= 1;
        prop_assume!(!world.has(|event| event.class == "Word" && near(event)));
        let mut facts = world.facts();
        facts.report.as_mut().unwrap().dates[3] = Some(day);
        let lines = lines(&facts, &asked());
        let word = lines.iter().find(|line| line.column == "Word").unwrap();
        prop_assert_eq!(word.reason, Code::Unexplained);
    }

    #[test]
    fn a_later_typed_day_that_microsoft_does_not_know_is_unexplained(
        mut world in world_of(&[Cause::Nothing, Cause::NoColumn]), ago in 0i64..27,
    ) {
        world.events.push(Event::at("Excel", Kind::Typed, begin_ms(day(ago))));
        world.events = world.events.into_iter().map(Event::by_day).collect();
        let mut facts = world.facts();
        facts.report.as_mut().unwrap().dates[4] = None;
        let lines = lines(&facts, &asked());
        let excel = lines.iter().find(|line| line.column == "Excel").unwrap();
        prop_assert_eq!(excel.reason, Code::Unexplained);
    }
}

fn day(ago: i64) -> Date {
    asked().refreshed.saturating_sub(ago.days())
}

fn one(kinds: &[(Kind, i64)], microsoft: Option<Date>) -> World {
    let events = kinds
        .iter()
        .map(|(kind, ago)| Event::at("Word", *kind, begin_ms(day(*ago)) + 40_000_000))
        .collect();
    let mut world = World::of(events, Cause::Nothing);
    world.word = Some(microsoft);
    world
}

fn word(world: &World) -> Line {
    judged(world)
        .into_iter()
        .find(|line| line.column == "Word")
        .unwrap()
}

#[test]
fn both_directions_of_an_automatic_insight() {
    let viewed = word(&one(
        &[(Kind::Typed, 9), (Kind::Automatic, 3)],
        Some(day(3)),
    ));
    let ignored = word(&one(
        &[(Kind::Typed, 9), (Kind::Automatic, 3)],
        Some(day(9)),
    ));
    let never = word(&one(&[(Kind::Automatic, 3)], None));
    for line in [viewed, ignored, never] {
        assert_eq!(
            (line.reason, line.also.len()),
            (Code::AutomaticOnly, 0),
            "{line:#?}"
        );
    }
}

#[test]
fn a_click_a_rule_that_is_missing_and_noise() {
    assert_eq!(
        word(&one(&[(Kind::Typed, 9), (Kind::Clicked, 3)], Some(day(3)))).reason,
        Code::ClickedOnly
    );
    assert_eq!(
        word(&one(&[(Kind::Unknown, 3)], Some(day(3)))).reason,
        Code::Undecided
    );
    assert_eq!(
        word(&one(&[(Kind::Typed, 9), (Kind::Noise, 3)], Some(day(9)))).reason,
        Code::Same
    );
    assert_eq!(
        word(&one(&[(Kind::Noise, 3)], Some(day(3)))).reason,
        Code::Unexplained
    );
    assert_eq!(
        word(&one(&[(Kind::Typed, 3), (Kind::Typed, -1)], Some(day(3)))).reason,
        Code::ReportNotRefreshed
    );
    assert_eq!(
        word(&one(&[(Kind::Typed, 40)], None)).reason,
        Code::OutsideWindow
    );
}

#[test]
fn a_gap_explains_only_the_day_that_it_touches() {
    let mut world = one(&[(Kind::Typed, 9)], Some(day(3)));
    let hole = |from: i64, to: i64| {
        let spans = [
            Span::new(0, begin_ms(day(from))),
            Span::new(begin_ms(day(to)), i64::MAX),
        ];
        let gap = Span::new(begin_ms(day(from)), begin_ms(day(to))).unwrap();
        Coverage {
            whole: spans.into_iter().flatten().collect(),
            failures: vec![Failure {
                span: gap,
                code: "throttled".into(),
            }],
            ..Coverage::default()
        }
    };
    world.coverage = hole(3, 2);
    let line = word(&world);
    assert_eq!(line.reason, Code::HistoryNotWhole);
    assert_eq!(line.gap.unwrap().code, "throttled");
    assert!(line.says.contains("throttled"));
    world.coverage = hole(2, 1);
    assert_eq!(word(&world).reason, Code::Unexplained);
    // A reading of this app alone fills the hole.
    world.coverage = hole(3, 2);
    world.coverage.some_apps = vec![(vec!["Word".into()], Span::new(0, i64::MAX).unwrap())];
    assert_eq!(word(&world).reason, Code::Unexplained);
    world.coverage.some_apps = vec![(vec!["Excel".into()], Span::new(0, i64::MAX).unwrap())];
    assert_eq!(word(&world).reason, Code::HistoryNotWhole);
}

#[test]
fn a_gap_that_ends_with_the_license_is_laid_to_it() {
    let mut world = one(&[(Kind::Typed, 9)], Some(day(3)));
    let read_until = begin_ms(day(3));
    world.coverage.whole = Span::new(0, read_until).into_iter().collect();
    assert_eq!(word(&world).gap.unwrap().code, "not_read");
    let held = LicenseRow {
        licensed: true,
        assigned_ms: None,
        from_ms: 0,
        to_ms: Some(begin_ms(day(2))),
    };
    let gone = LicenseRow {
        licensed: false,
        from_ms: begin_ms(day(2)),
        to_ms: None,
        ..held
    };
    world.licenses = vec![held, gone];
    assert_eq!(word(&world).reason, Code::LicenseMissing);
    // A reading that failed before, for another reason, would have had it.
    world.coverage.failures = vec![Failure {
        span: Span::new(read_until, begin_ms(day(2))).unwrap(),
        code: "throttled".into(),
    }];
    assert_eq!(word(&world).reason, Code::HistoryNotWhole);
}

#[test]
fn who_is_not_in_the_report() {
    let mut world = one(&[(Kind::Typed, 9)], None);
    world.in_report = false;
    let reason = |world: &World| judged(world)[0].reason;
    assert_eq!(reason(&world), Code::Unexplained);
    let until = LicenseRow {
        licensed: true,
        assigned_ms: None,
        from_ms: 0,
        to_ms: Some(begin_ms(day(5))),
    };
    world.licenses = vec![
        until,
        LicenseRow {
            licensed: false,
            from_ms: begin_ms(day(5)),
            to_ms: None,
            ..until
        },
    ];
    assert_eq!(reason(&world), Code::LicenseMissing);
    world.events = vec![Event::at("Word", Kind::Typed, begin_ms(day(-1)))];
    assert_eq!(reason(&world), Code::ReportNotRefreshed);
    world.events.clear();
    assert!(judged(&world).is_empty());
    assert!(Licensing::of(&[]).is_unknown());
}
