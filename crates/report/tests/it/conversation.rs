use hobbs_report::conversation::{Exchange, Joined, SESSION_ROWS_MAX, Sessions, pair};
use hobbs_report::{ReportRow, RowKind};
use proptest::prelude::*;

use crate::{prompt, response};

fn pairs(rows: &[ReportRow]) -> Vec<(Option<usize>, Option<usize>)> {
    pair(rows)
        .into_iter()
        .map(|exchange| (exchange.prompt, exchange.response))
        .collect()
}

#[test]
fn request_ids_decide_even_when_answers_come_in_another_order() {
    let rows = [
        prompt(0, "a"),
        prompt(5, "b"),
        response(6, "b"),
        response(9, "a"),
        response(10, "b"),
    ];
    let of_b = |response, number| Exchange {
        prompt: Some(1),
        response: Some(response),
        number,
        of: 2,
        joined: Some(Joined::ByRequest),
    };
    let of_a = Exchange {
        prompt: Some(0),
        response: Some(3),
        number: 1,
        of: 1,
        joined: Some(Joined::ByRequest),
    };
    assert_eq!(pair(&rows), [of_a, of_b(2, 1), of_b(4, 2)]);
}

#[test]
fn without_request_ids_order_decides() {
    let rows = [
        prompt(0, ""),
        response(3, ""),
        response(4, ""),
        prompt(60, ""),
        response(61, ""),
    ];
    assert_eq!(
        pairs(&rows),
        [(Some(0), Some(1)), (Some(0), Some(2)), (Some(3), Some(4))]
    );
    assert!(
        pair(&rows)
            .iter()
            .all(|exchange| exchange.joined == Some(Joined::ByOrder))
    );
}

#[test]
fn an_answered_prompt_takes_no_stranger() {
    let rows = [prompt(0, "a"), response(1, "a"), response(2, "lost")];
    assert_eq!(pairs(&rows), [(Some(0), Some(1)), (None, Some(2))]);
}

#[test]
fn what_nobody_typed_answers_nobody() {
    let mut summary = response(1, "auto");
    summary.mark = Some("auto_generated".into());
    let rows = [prompt(0, ""), summary, response(2, "")];
    assert_eq!(pairs(&rows), [(Some(0), Some(2)), (None, Some(1))]);
}

#[test]
fn another_app_is_not_answered() {
    let mut elsewhere = response(1, "");
    elsewhere.app_class = "IPM.SkypeTeams.Message.Copilot.Excel".into();
    assert_eq!(
        pairs(&[prompt(0, ""), elsewhere]),
        [(Some(0), None), (None, Some(1))]
    );
}

#[test]
fn one_shot_actions_far_apart_stay_alone() {
    let alone = |mut row: ReportRow| {
        row.session_id = None;
        row
    };
    let near = [alone(prompt(0, "")), alone(response(30, ""))];
    assert_eq!(pairs(&near), [(Some(0), Some(1))]);
    let far = [alone(prompt(0, "")), alone(response(86_400, ""))];
    assert_eq!(pairs(&far), [(Some(0), None), (None, Some(1))]);
}

#[test]
fn a_response_stamped_before_its_prompt_still_finds_it() {
    assert_eq!(
        pairs(&[response(0, "a"), prompt(1, "a")]),
        [(Some(1), Some(0))]
    );
}

#[test]
fn sessions_end_where_user_or_session_changes_or_memory_would() {
    let mut sessions = Sessions::default();
    let mut other = prompt(1, "a");
    other.session_id = None;
    assert!(sessions.push(prompt(0, "a")).is_none());
    assert_eq!(sessions.push(other.clone()).map(|rows| rows.len()), Some(1));
    other.user_id = "u2".into();
    assert_eq!(sessions.push(other.clone()).map(|rows| rows.len()), Some(1));
    for _ in 1..SESSION_ROWS_MAX {
        assert!(sessions.push(other.clone()).is_none());
    }
    assert_eq!(
        sessions.push(other).map(|rows| rows.len()),
        Some(SESSION_ROWS_MAX)
    );
    assert_eq!(sessions.finish().len(), 1);
}

proptest! {
    #[test]
    fn nobody_is_lost_and_no_response_stands_twice(
        drawn in prop::collection::vec((0u8..3, 0usize..4, any::<bool>(), any::<bool>(), 0i64..2000), 0..40),
    ) {
        let mut second = 0;
        let rows: Vec<ReportRow> = drawn
            .into_iter()
            .map(|(kind, request, marked, sessionless, wait)| {
                second += wait;
                let mut row = prompt(second, ["", "a", "b", "c"][request]);
                row.kind = [RowKind::Prompt, RowKind::Response, RowKind::Other("later".into())][kind as usize].clone();
                row.mark = marked.then(|| "x".into());
                row.session_id = (!sessionless).then(|| "s".into());
                row
            })
            .collect();
        let exchanges = pair(&rows);
        for (at, row) in rows.iter().enumerate() {
            let as_prompt = exchanges.iter().filter(|exchange| exchange.prompt == Some(at)).count();
            let as_response = exchanges.iter().filter(|exchange| exchange.response == Some(at)).count();
            match row.kind {
                RowKind::Prompt => prop_assert!(as_prompt >= 1 && as_response == 0),
                RowKind::Response => prop_assert!(as_prompt == 0 && as_response == 1),
                RowKind::Other(_) => prop_assert!(as_prompt + as_response == 0),
            }
        }
    }
}

proptest! {
    /// Sessions come whole, in order, and no row is in two of them or in none.
    #[test]
    fn rows_in_order_fall_into_sessions(drawn in prop::collection::vec((0u8..3, 0u8..3, 1usize..4), 0..20)) {
        let mut rows: Vec<ReportRow> = Vec::new();
        for (user, session, times) in drawn {
            for _ in 0..times {
                let mut row = prompt(rows.len() as i64, "");
                row.user_id = format!("u{user}");
                row.session_id = (session > 0).then(|| format!("s{session}"));
                rows.push(row);
            }
        }
        let mut collecting = Sessions::default();
        let mut sessions: Vec<Vec<ReportRow>> =
            rows.iter().cloned().filter_map(|row| collecting.push(row)).collect();
        sessions.push(collecting.finish());
        let key = |row: &ReportRow| (row.user_id.clone(), row.session_id.clone());
        for session in &sessions {
            prop_assert!(session.iter().all(|row| key(row) == key(&session[0])));
        }
        for pair in sessions.windows(2) {
            prop_assert!(key(&pair[0][0]) != key(&pair[1][0]));
        }
        prop_assert_eq!(sessions.concat(), rows);
    }
}
