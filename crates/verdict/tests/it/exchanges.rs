//! Which rows make an exchange, and what is told of it.

use hobbs_verdict::Verdict;
use jiff::tz::TimeZone;

use crate::rows::{MONDAY_MS, World, other, prompt, response};

/// How many rows each exchange has.
fn parts(world: &World) -> Vec<i32> {
    world
        .derived()
        .exchanges
        .iter()
        .map(|it| it.parts)
        .collect()
}

#[test]
fn an_exchange_tells_what_happened() {
    let world = World::of([
        prompt(0, "a", "Compare these two plans")
            .within("docx", "https://x.sharepoint.com/sites/A/b.docx"),
        response(2_000, "a", "Searching…"),
        response(5_500, "a", "They differ in one point.")
            .within("docx", "https://x.sharepoint.com/sites/A/b.docx")
            .citing("File", "https://x.sharepoint.com/sites/B/c.docx")
            .citing("Event", "https://teams.microsoft.com/l/meeting?x"),
        response(6_000, "a", "And in length."),
    ]);
    let exchange = world.only_exchange();
    insta::assert_debug_snapshot!(exchange);
    insta::assert_debug_snapshot!(world.derived().conversations);
    insta::assert_debug_snapshot!(world.derived().resources);
}

#[test]
fn prompts_and_responses_join_by_request_whatever_their_order() {
    let world = World::of([
        prompt(0, "a", "First question"),
        prompt(1_000, "b", "Second question"),
        response(9_000, "a", "First answer"),
        response(4_000, "b", "Second answer"),
        response(500, "c", "Nobody asked"),
        prompt(20_000, "d", "Nobody answers"),
    ]);
    let told: Vec<_> = world
        .derived()
        .exchanges
        .iter()
        .map(|it| (it.prompts, it.responses, it.reply_seconds, it.verdict))
        .collect();
    assert_eq!(
        told,
        [
            (1, 1, Some(9.0), Verdict::Typed),
            (0, 1, None, Verdict::Unknown),
            (1, 1, Some(3.0), Verdict::Typed),
            (1, 0, None, Verdict::Typed),
        ]
    );
}

#[test]
fn without_a_request_the_order_decides() {
    let cowork = |world: Vec<_>| {
        World::of(
            world
                .into_iter()
                .map(|row: crate::rows::Row| row.in_app("CoworkChat")),
        )
    };
    let world = cowork(vec![
        prompt(0, "", "Plan the workshop"),
        response(3_000, "", "Thinking about rooms"),
        response(9_000, "", "Here is a plan"),
        prompt(60_000, "", "Shorter, please"),
        response(61_000, "", "A short plan"),
    ]);
    assert_eq!(parts(&world), [3, 2]);
    let noise: Vec<i32> = world
        .derived()
        .exchanges
        .iter()
        .map(|it| it.noise_parts)
        .collect();
    assert_eq!(noise, [1, 0]);
    let first = &world.derived().exchanges[0];
    assert_eq!((first.reply_seconds, first.response_chars), (Some(9.0), 14));

    // An empty row at the end does not make the answer a thought.
    let world = cowork(vec![
        prompt(0, "", "Plan the workshop"),
        response(9_000, "", "Here is a plan"),
        response(9_500, "", ""),
    ]);
    assert_eq!(
        (
            world.only_exchange().noise_parts,
            world.only_exchange().response_chars
        ),
        (1, 14)
    );

    // A day later it is something else.
    let day_ms = 24 * 3_600_000;
    let world = cowork(vec![
        prompt(0, "", "Plan it"),
        response(day_ms + 1, "", "Good morning"),
    ]);
    assert_eq!(parts(&world), [1, 1]);
}

#[test]
fn in_excel_and_powerpoint_a_request_may_mean_anything() {
    let excel = |rows: [crate::rows::Row; 4]| World::of(rows.map(|row| row.in_app("Excel")));
    // Other ids on prompt and response; one id for all.
    for ids in [
        ["a", "b", "c", "d"],
        ["a", "a", "a", "a"],
        ["a", "", "", "d"],
        ["a", "a", "b", "b"],
        // The id of the prompt before.
        ["a", "a", "b", "a"],
        ["a", "b", "b", "a"],
    ] {
        let world = excel([
            prompt(0, ids[0], "Sum column B"),
            response(3_000, ids[1], "The sum is 5"),
            prompt(9_000, ids[2], "And column C"),
            response(12_000, ids[3], "The sum is 7"),
        ]);
        assert_eq!(parts(&world), [2, 2], "{ids:?}");
        let replies: Vec<_> = world
            .derived()
            .exchanges
            .iter()
            .map(|it| it.reply_seconds)
            .collect();
        assert_eq!(replies, [Some(3.0), Some(3.0)], "{ids:?}");
    }
}

#[test]
fn in_excel_and_powerpoint_a_request_counts_where_order_says_nothing() {
    // Of another class than its prompt's, or long after it.
    let day_ms = 24 * 3_600_000;
    for (app, at_ms) in [("Word", 3_000), ("Excel", day_ms + 1)] {
        let world = World::of([
            prompt(0, "a", "Sum column B").in_app(app),
            response(at_ms, "a", "The sum is 5").in_app("Excel"),
        ]);
        assert_eq!(parts(&world), [2], "{app}");
    }
}

#[test]
fn a_repeat_is_the_same_thing_again() {
    let world = World::of([
        prompt(0, "a", "What is new with the budget"),
        prompt(1_200, "b", "what is new with the budget?"),
        response(4_000, "b", "Nothing"),
        response(4_900, "c", "Nothing."),
    ]);
    let exchange = world.only_exchange();
    assert_eq!((exchange.parts, exchange.noise_parts), (4, 2));
    assert_eq!(
        (exchange.verdict, exchange.reply_seconds),
        (Verdict::Typed, Some(4.0))
    );

    let later = World::of([
        prompt(0, "a", "go on"),
        response(2_000, "a", "More"),
        prompt(5_001, "b", "go on"),
        response(6_000, "b", "Still more"),
    ]);
    assert_eq!(parts(&later), [2, 2]);

    // One answer to two questions is no repeat.
    let refused = World::of([
        prompt(0, "a", "one"),
        prompt(500, "b", "two"),
        response(1_000, "a", "I can't help with that."),
        response(1_100, "b", "I can't help with that."),
    ]);
    assert_eq!(parts(&refused), [2, 2]);
    assert!(
        refused
            .derived()
            .exchanges
            .iter()
            .all(|it| it.refused && it.noise_parts == 0)
    );
}

#[test]
fn other_kinds_belong_to_what_they_follow() {
    let world = World::of([
        prompt(0, "a", "Hello there"),
        other(100, "a"),
        other(200, ""),
        response(900, "a", "Hello"),
    ]);
    let exchange = world.only_exchange();
    assert_eq!((exchange.parts, exchange.others), (4, 2));
    let alone = World::of([other(0, "")]);
    assert_eq!(alone.verdicts(), [(Verdict::Unknown, "none".to_owned())]);
}

/// From [`MONDAY_MS`] to midnight, UTC.
const TO_MIDNIGHT_MS: i64 = 16 * 3_600_000;

#[test]
fn without_a_session_each_exchange_is_a_conversation() {
    let world = World::of([
        prompt(0, "a", "Rewrite this"),
        response(1_000, "a", "This, rewritten"),
        prompt(2_000, "b", "Rewrite that"),
        response(3_000, "b", "That, rewritten"),
        prompt(4_000, "", "Rewrite it"),
        response(5_000, "", "It, rewritten"),
    ])
    .without_session();
    let derived = world.derived();
    assert_eq!(parts(&world), [2, 2, 2]);
    let keys: std::collections::BTreeSet<i64> = derived
        .conversations
        .iter()
        .map(|it| it.conversation_key)
        .collect();
    assert_eq!(keys.len(), 3);
    assert!(
        derived
            .exchanges
            .iter()
            .zip(&derived.conversations)
            .all(|(it, other)| it.conversation_key == other.conversation_key)
    );
}

#[test]
fn without_a_session_a_request_goes_on_past_midnight() {
    let world = World::of([
        prompt(TO_MIDNIGHT_MS - 2_000, "a", "Rewrite this for the board"),
        response(TO_MIDNIGHT_MS + 3_000, "a", "This, rewritten"),
        prompt(TO_MIDNIGHT_MS + 9_000, "b", "Rewrite that for the board"),
    ])
    .without_session();
    let derived = world.derived();
    assert_eq!(parts(&world), [2, 1]);
    let first = &derived.exchanges[0];
    assert_eq!(
        (first.verdict, first.reply_seconds),
        (Verdict::Typed, Some(5.0))
    );
    assert_eq!(derived.conversations[0].span_seconds, 5.0);
}

#[test]
fn without_a_session_and_a_request_to_be_trusted_days_are_apart() {
    for (app, request) in [("Word", ""), ("Excel", "a"), ("PowerPoint", "a")] {
        let row = |row: crate::rows::Row| row.in_app(app);
        let world = World::of([
            row(prompt(0, request, "Rewrite this")),
            row(response(1_000, "", "This, rewritten")),
            row(prompt(2_000, request, "Rewrite that")),
            row(response(TO_MIDNIGHT_MS, request, "That, rewritten")),
        ])
        .without_session();
        assert_eq!(parts(&world), [2, 1, 1], "{app}");
    }
}

#[test]
fn days_and_hours_are_the_tenants() {
    let day = |zone: &str, at_ms| {
        let mut world = World::of([prompt(at_ms, "a", "What time is it")]);
        world.zone = TimeZone::get(zone).unwrap();
        let it = world.only_exchange();
        (it.day, it.week, it.hour, it.weekday)
    };
    let monday = i32::try_from(MONDAY_MS / 86_400_000).unwrap();
    assert_eq!(day("UTC", 0), (monday, monday, 8, 1));
    assert_eq!(day("Europe/Berlin", 0), (monday, monday, 10, 1));
    assert_eq!(
        day("America/Los_Angeles", -3_600_000),
        (monday, monday, 0, 1)
    );
    assert_eq!(
        day("America/Los_Angeles", -3_600_001),
        (monday - 1, monday - 7, 23, 7)
    );
    assert_eq!(
        day("Asia/Kolkata", 16 * 3_600_000),
        (monday + 1, monday, 5, 2)
    );
}

#[test]
fn a_conversation_counts_its_verdicts() {
    let world = World::of([
        prompt(0, "a", "Summarize this document"),
        response(1_000, "a", "A summary"),
        prompt(9_000, "b", "and who wrote it").in_app("Word"),
        response(11_000, "b", "Anna"),
        response(60_000, "c", "Searching…"),
    ]);
    let conversations = world.derived().conversations;
    assert_eq!(conversations.len(), 1);
    let it = &conversations[0];
    assert_eq!(it.verdicts, [1, 1, 0, 0, 1, 0]);
    assert_eq!((it.turns, it.span_seconds), (3, 60.0));
    assert_eq!(it.apps, "Microsoft 365 Copilot Chat (work),Word");
}
