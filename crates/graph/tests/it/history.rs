//! One user's history: every row once, whatever the server does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hobbs_graph::history::cut::{Extent, Progress, Remainder, fan, pieces_each, plan};
use hobbs_graph::history::rhythm::Rhythm;
use hobbs_graph::{AppFilter, Client, History, Keep, Window, each};
use hobbs_interaction::{AiInteraction, Unkept};
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::script::*;

const DAY_MS: i64 = 86_400_000;
/// 0001-01-01 and 9999-12-31: whatever a service may write.
const YEAR_1_MS: i64 = -62_135_596_800_000;
const YEAR_9999_MS: i64 = 253_402_214_400_000;

/// Reads as if nobody else were read.
async fn read_alone(client: &Client, window: Window) -> History<i64> {
    client
        .read_history_alone(
            "u",
            window,
            &AppFilter::all(),
            each(|item| item.created_at_ms),
        )
        .await
}

async fn read(client: &Client, window: Window) -> History<i64> {
    client
        .read_history(
            "u",
            window,
            &AppFilter::all(),
            each(|item| item.created_at_ms),
        )
        .await
}

fn client_of(server: &Arc<HistoryServer>) -> (Client, Arc<AtomicU64>) {
    let requests = Arc::new(AtomicU64::new(0));
    let (server, counted) = (Arc::clone(server), Arc::clone(&requests));
    let transport = script(move |request| {
        counted.fetch_add(1, SeqCst);
        let server = Arc::clone(&server);
        async move { server.serve(request).await }
    });
    (builder(transport).build().unwrap(), requests)
}

fn sorted(mut items: Vec<i64>) -> Vec<i64> {
    items.sort_unstable();
    items
}

/// Moments in clusters: many in one second, many on whole seconds, long gaps.
fn clustered(rows: usize, seed: u64) -> Vec<i64> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut moments = BTreeSet::new();
    let mut at_ms = NOW_MS;
    while moments.len() < rows {
        at_ms -= match random.random_range(0..10) {
            0 => random.random_range(DAY_MS / 4..6 * DAY_MS),
            1..4 => random.random_range(1..20),
            4..6 => at_ms.rem_euclid(1000) + 1000 * random.random_range(0..3_i64),
            _ => random.random_range(500..100_000),
        };
        at_ms -= i64::from(moments.contains(&at_ms));
        moments.insert(at_ms);
    }
    moments.into_iter().collect()
}

#[test]
fn every_row_once_from_first_to_last_whatever_the_cuts() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        for seed in 0..25 {
            let moments = clustered(300 + 150 * seed as usize, seed);
            let server = HistoryServer::new(moments.clone(), 200);
            let oldest = moments[0];
            let middle = moments[moments.len() / 3];
            for window in [
                Window::all(),
                Window::until(NOW_MS),
                Window::between(oldest, NOW_MS),
                Window::between(middle, NOW_MS - 1),
                Window::until(middle),
            ] {
                let expected: Vec<i64> = moments
                    .iter()
                    .copied()
                    .filter(|ms| window.contains(*ms))
                    .collect();
                for is_alone in [false, true] {
                    let (client, requests) = client_of(&server);
                    let history = if is_alone {
                        read_alone(&client, window).await
                    } else {
                        read(&client, window).await
                    };
                    history.result.unwrap();
                    assert_eq!(sorted(history.items), expected, "seed {seed}, {window:?}");
                    assert_eq!(requests.load(SeqCst), u64::from(history.requests));
                }
            }
        }
    });
}

proptest! {
    /// Pieces touch without gap or overlap, from the oldest item read (included) to the window's beginning.
    #[test]
    fn a_plan_covers_what_remains(
        newest_ms in prop_oneof![4 => NOW_MS - 400 * DAY_MS..NOW_MS, 1 => YEAR_1_MS..YEAR_9999_MS],
        read_ms in 0_i64..30 * DAY_MS,
        pages in 1_u32..50,
        before in proptest::option::of(0_i64..500 * DAY_MS),
        windows_max in 0_usize..70,
        is_doubtful in proptest::bool::ANY, extent in prop_oneof![Just(Extent::Full), Just(Extent::Asked), Just(Extent::Unknown)],
        learned in proptest::option::of((1_i64..60 * DAY_MS, 1_i64..5_000, 1_i64..24)),
    ) {
        let oldest_ms = newest_ms - read_ms;
        let from_ms = before.map(|before| oldest_ms - before);
        let mut rhythm = Rhythm::default();
        if let Some((covered_ms, rows, hours)) = learned {
            let moments = (0..rows).map(|row| newest_ms - covered_ms * row / rows);
            let works = |ms: &i64| ms.div_euclid(DAY_MS / 24).rem_euclid(24) < hours;
            rhythm.learn(&moments.filter(works).collect::<Vec<_>>());
        }
        let progress = Progress { from_ms, newest_ms, oldest_ms, pages, history_newest_ms: newest_ms + DAY_MS, rhythm, extent, is_doubtful };
        let pieces = plan(&progress, windows_max);
        prop_assert!(pieces.len() != 1 && pieces.len() <= windows_max);
        if let (Some(first), Some(last)) = (pieces.first(), pieces.last()) {
            prop_assert_eq!(first.window.to_ms, Some(oldest_ms + 1));
            prop_assert_eq!(last.window.from_ms, from_ms);
            for pair in pieces.windows(2) {
                prop_assert_eq!(pair[0].window.from_ms, pair[1].window.to_ms);
            }
            prop_assert!(pieces.iter().all(|piece| !piece.window.is_empty()));
        }
    }

    /// So do those of a window of which nothing is read yet.
    #[test]
    fn a_fan_covers_a_window(
        back_ms in proptest::option::of(0_i64..4_000 * DAY_MS),
        to_ms in proptest::option::of(prop_oneof![4 => NOW_MS - 400 * DAY_MS..NOW_MS, 1 => YEAR_1_MS..YEAR_9999_MS]),
    ) {
        let from_ms = back_ms.map(|back_ms| to_ms.unwrap_or(NOW_MS) - back_ms);
        let window = Window { from_ms, to_ms };
        let pieces = fan(window, NOW_MS);
        prop_assert!(pieces.len() != 1 && pieces.len() <= 14);
        if let (Some(first), Some(last)) = (pieces.first(), pieces.last()) {
            prop_assert_eq!((first.to_ms, last.from_ms), (to_ms, from_ms));
        }
        for pair in pieces.windows(2) {
            prop_assert!(pair[0].from_ms.is_some());
            prop_assert_eq!(pair[0].from_ms, pair[1].to_ms);
        }
        prop_assert!(pieces.iter().all(|piece| !piece.is_empty()));
    }

    /// Whoever has the longest pieces gets the next one, as long as it may be paid for.
    #[test]
    fn pieces_go_to_the_longest(pages in proptest::collection::vec(0.0_f64..40.0, 0..20), more in 0_usize..40, to_spend in 0.0_f64..30.0) {
        let remainders: Vec<Remainder> = pages.iter().map(|pages| Remainder { pages: *pages, cost_a_piece: 0.5, pages_again: 0 }).collect();
        let pieces = pieces_each(&remainders, more, to_spend);
        prop_assert_eq!(pieces.len(), pages.len());
        let extra: usize = pieces.iter().map(|pieces| pieces - 1).sum();
        prop_assert!(extra <= more && extra as f64 * 0.5 <= to_spend);
        let length = |at: usize, pieces: usize| pages[at] / pieces as f64;
        for (at, cut) in pieces.iter().enumerate().filter(|(_, pieces)| **pieces > 1) {
            for (other, pieces) in pieces.iter().enumerate() {
                // When the last cut was made, nobody's pieces were longer.
                prop_assert!(length(at, cut - 1) >= length(other, *pieces));
            }
        }
    }
}

/// Who hardly uses Copilot costs a dozen requests when read alone, and one where the window is short.
#[tokio::test(start_paused = true)]
async fn a_light_user_who_is_read_alone() {
    let server = HistoryServer::new(clustered(30, 1), 500);
    let (client, requests) = client_of(&server);
    let history = read_alone(&client, Window::until(NOW_MS)).await;
    assert_eq!((history.items.len(), requests.load(SeqCst)), (30, 14));
    let (client, requests) = client_of(&server);
    let week = Window::between(NOW_MS - 7 * DAY_MS, NOW_MS);
    read_alone(&client, week).await.result.unwrap();
    assert_eq!(requests.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn who_is_read_alone_where_filters_are_refused_is_read_whole() {
    let moments = clustered(800, 3);
    let (client, _) = moody(|_| true, HistoryServer::new(moments.clone(), 10));
    let history = read_alone(&client, Window::until(NOW_MS)).await;
    history.result.unwrap();
    assert!(!history.filtered);
    assert_eq!(sorted(history.items), moments);
}

/// A whole tenant costs hardly more requests than the least possible, though heavy users are cut where there is
/// room.
#[tokio::test(start_paused = true)]
async fn a_whole_tenant_costs_few_requests_more() {
    for parallel in [8, 64] {
        let mut random = StdRng::seed_from_u64(5);
        let mut least = 0;
        let mut servers = BTreeMap::new();
        for user in 0..300 {
            // 20,000 rows: many light users, some heavy ones.
            let rows =
                (10.0 * (1.0 / (1.0 - random.random::<f64>())).powf(1.1)).min(3_000.0) as usize;
            least += rows.div_ceil(100).max(1) as u64;
            servers.insert(
                user.to_string(),
                HistoryServer::new(clustered(rows, user), 800),
            );
        }
        let servers = Arc::new(servers);
        let transport = script(move |request| {
            let user = request.uri().path().split('/').nth(4).unwrap().to_owned();
            let server = Arc::clone(&servers[&user]);
            async move { server.serve(request).await }
        });
        let client = builder(transport.clone()).build().unwrap();
        let users = futures::stream::iter(0..300);
        let reading = futures::StreamExt::for_each_concurrent(users, parallel, |user| {
            let client = client.clone();
            async move {
                let history = client
                    .read_history(
                        &user.to_string(),
                        Window::until(NOW_MS),
                        &AppFilter::all(),
                        each(|_| ()),
                    )
                    .await;
                history.result.unwrap();
            }
        });
        reading.await;
        let requests = transport.requests.load(SeqCst);
        assert!(
            requests as f64 <= 1.1 * least as f64,
            "{parallel} at once: {requests} requests, {least} would do"
        );
    }
}

/// A server that writes its pages by hand.
fn pages(pages: Vec<Value>) -> Client {
    let pages = Arc::new(pages);
    let transport = script(move |request| {
        let at: usize = parameter(&request, "$skiptoken").map_or(0, |token| token.parse().unwrap());
        let mut page = pages[at].clone();
        if at + 1 < pages.len() && page.get("@odata.nextLink").is_none() {
            page["@odata.nextLink"] = json!(format!("{GRAPH}/v1.0/next?$skiptoken={}", at + 1));
        }
        async move { Ok(answer(200, page.to_string())) }
    });
    builder(transport).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn odd_items_are_counted_and_do_not_stop_a_page() {
    let client = pages(vec![
        json!({"value": [null, item("1", "s", NOW_MS - 1000), 7, {"createdDateTime": "2026-01-01T00:00:00Z"}, {"id": "9"}]}),
        json!({"value": [null, item("2", "s", NOW_MS - 2000)]}),
    ]);
    let history = read(&client, Window::all()).await;
    history.result.unwrap();
    assert_eq!(history.items.len(), 2);
    let mut unkept: Vec<String> = history
        .unkept
        .iter()
        .map(|(kind, count)| format!("{kind:?} {count}"))
        .collect();
    unkept.sort();
    assert_eq!(unkept, ["NoId 1", "NoTime 1", "NotAnObject 1", "Null 2"]);
    assert!(history.unkept.contains(&(Unkept::Null, 2)));
}

#[tokio::test(start_paused = true)]
async fn the_latest_etag_stands_and_the_key_is_session_and_id() {
    let with_etag = |session: &str, etag: &str, text: &str| {
        let mut item = item("1", session, NOW_MS - 1000);
        item["etag"] = json!(etag);
        item["body"]["content"] = json!(text);
        item
    };
    let mut without_session = with_etag("s", "1", "no session");
    without_session["sessionId"] = Value::Null;
    let client = pages(vec![
        json!({"value": [with_etag("s", "999", "old"), with_etag("t", "5", "other session"), without_session]}),
        json!({"value": []}),
        json!({"value": [with_etag("s", "1000", "new"), with_etag("t", "4", "older")]}),
    ]);
    let history = client
        .read_history(
            "u",
            Window::all(),
            &AppFilter::all(),
            each(|item| item.content.into_owned()),
        )
        .await;
    history.result.unwrap();
    let mut texts = history.items;
    texts.sort();
    assert_eq!(texts, ["new", "no session", "other session"]);
    assert_eq!(history.pages, 3);
}

#[tokio::test(start_paused = true)]
async fn a_foreign_link_gets_no_token_and_the_rows_read_are_kept() {
    for foreign in [
        "https://evil.example/v1.0/x?$skiptoken=hush",
        "http://127.0.0.1:9999/x",
        "//evil.example/x",
        "https://127.0.0.1:7777/x",
    ] {
        let client = pages(vec![
            json!({"value": [item("1", "s", NOW_MS - 1000)], "@odata.nextLink": foreign}),
        ]);
        let history = read(&client, Window::all()).await;
        let error = history.result.unwrap_err();
        assert_eq!(error.code(), "foreign_next_link");
        assert!(!error.to_string().contains("hush"));
        assert_eq!(history.items.len(), 1);
        assert_eq!(client.statistics().requests, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn circles_end() {
    let link = |to: usize| json!(format!("{GRAPH}/v1.0/next?$skiptoken={to}"));
    let item = |n: i64| item(&n.to_string(), "s", NOW_MS - n * 1000);
    let to_itself = vec![json!({"value": [item(1)], "@odata.nextLink": link(0)})];
    let between_two = vec![
        json!({"value": [item(1)], "@odata.nextLink": link(1)}),
        json!({"value": [item(2)], "@odata.nextLink": link(0)}),
    ];
    for circle in [to_itself, between_two] {
        let history = read(&pages(circle), Window::all()).await;
        assert_eq!(history.result.unwrap_err().code(), "looping_next_link");
    }
    // Always another link, never another row.
    let transport = script(move |request| {
        let at: u64 = parameter(&request, "$skiptoken").map_or(0, |token| token.parse().unwrap());
        let page = json!({"value": [], "@odata.nextLink": format!("{GRAPH}/v1.0/next?$skiptoken={}", at + 1)});
        async move { Ok(answer(200, page.to_string())) }
    });
    let history = read(&builder(transport).build().unwrap(), Window::all()).await;
    assert_eq!(history.result.unwrap_err().code(), "looping_next_link");
    assert!(history.pages < 2_000);
}

/// A history whose server refuses filters for some users.
fn moody(refuses: fn(&str) -> bool, server: Arc<HistoryServer>) -> (Client, Arc<Mutex<Vec<bool>>>) {
    let filtered = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&filtered);
    let transport = script(move |request| {
        let user = request.uri().path().split('/').nth(4).unwrap().to_owned();
        let has_filter = parameter(&request, "$filter").is_some();
        log.lock().unwrap().push(has_filter);
        let server = Arc::clone(&server);
        async move {
            if has_filter && refuses(&user) {
                return graph_error(400, "BadRequest", "Filter not supported");
            }
            server.serve(request).await
        }
    });
    (builder(transport).build().unwrap(), filtered)
}

#[tokio::test(start_paused = true)]
async fn where_the_tenant_refuses_filters_everything_is_filtered_at_home() {
    let moments = clustered(800, 3);
    let from_ms = moments[500];
    let window = Window::between(from_ms, NOW_MS);
    let (client, filtered) = moody(|_| true, HistoryServer::new(moments.clone(), 10));
    for user in 0..6 {
        let history = client
            .read_history(
                &user.to_string(),
                window,
                &AppFilter::all(),
                each(|item| item.created_at_ms),
            )
            .await;
        history.result.unwrap();
        assert!(!history.filtered);
        assert_eq!(sorted(history.items), moments[500..]);
        // The first is read to the end, which shows the order; of the others three pages hold the window, and the
        // fourth lies before it.
        let pages_max = if user == 0 { 8 } else { 5 };
        assert!(history.pages <= pages_max, "{}", history.pages);
    }
    let asked = filtered
        .lock()
        .unwrap()
        .iter()
        .filter(|filtered| **filtered)
        .count();
    assert_eq!(asked, 3, "remembered after the third user");
}

/// Counts rows, and has room for so many.
struct Counting {
    rows: Arc<AtomicU64>,
    room_for: Arc<AtomicU64>,
}

impl Keep for Counting {
    type Kept = i64;

    fn keep(&mut self, items: Vec<AiInteraction<'_>>) -> Vec<i64> {
        self.rows.fetch_add(items.len() as u64, SeqCst);
        items.iter().map(|item| item.created_at_ms).collect()
    }

    fn has_room(&self) -> bool {
        self.rows.load(SeqCst) < self.room_for.load(SeqCst)
    }
}

#[tokio::test(start_paused = true)]
async fn a_history_waits_for_room_between_two_pages_and_then_goes_on() {
    let moments = clustered(2_000, 3);
    let window = Window::between(moments[0], NOW_MS);
    let server = Arc::new(HistoryServer::new(moments.clone(), 10));
    let (client, requests) = client_of(&server);
    let (rows, room_for) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(50)));
    let keep = Counting {
        rows: Arc::clone(&rows),
        room_for: Arc::clone(&room_for),
    };
    let reading = tokio::spawn(async move {
        let apps = AppFilter::all();
        client.read_history("u", window, &apps, keep).await
    });
    sleep(Duration::from_hours(1)).await;
    assert_eq!(
        (rows.load(SeqCst), requests.load(SeqCst)),
        (100, 1),
        "it waits"
    );
    room_for.store(u64::MAX, SeqCst);
    let history = reading.await.unwrap();
    history.result.unwrap();
    assert_eq!(sorted(history.items), moments);
}

#[tokio::test(start_paused = true)]
async fn where_only_some_users_refuse_filters_the_others_keep_them() {
    let moments = clustered(300, 3);
    let window = Window::between(moments[0], NOW_MS);
    let (client, filtered) = moody(
        |user| user.parse::<u32>().unwrap().is_multiple_of(3),
        HistoryServer::new(moments.clone(), 10),
    );
    for user in 0..30 {
        let history = client
            .read_history(
                &user.to_string(),
                window,
                &AppFilter::all(),
                each(|item| item.created_at_ms),
            )
            .await;
        history.result.unwrap();
        assert_eq!(sorted(history.items), moments);
        assert_eq!(history.filtered, user % 3 != 0);
    }
    assert!(
        filtered
            .lock()
            .unwrap()
            .iter()
            .filter(|filtered| **filtered)
            .count()
            >= 30
    );
}

#[tokio::test(start_paused = true)]
async fn a_400_that_is_not_about_the_filter_is_reported_and_not_remembered() {
    let transport = script(|request| async move {
        let has_filter = parameter(&request, "$filter").is_some();
        graph_error(400, if has_filter { "First" } else { "Second" }, "no")
    });
    let client = builder(transport.clone()).build().unwrap();
    for _ in 0..5 {
        let history = read(&client, Window::until(NOW_MS)).await;
        assert_eq!(
            history.result.unwrap_err().graph_error().unwrap().code,
            "First"
        );
    }
    assert_eq!(transport.requests.load(SeqCst), 10);
}

/// In which order a service may list a history.
#[derive(Debug, Clone, Copy)]
enum Listing {
    OldestFirst,
    AppByApp,
    SessionBySession,
    PromptsBeforeResponses,
    /// Weeks in any order, newest first in each.
    WeekByWeek,
    /// Newest first, but for what is older than a year, which comes first.
    OldestYearsFirst,
    Shuffled,
}

impl Listing {
    const ALL: [Self; 7] = [
        Self::OldestFirst,
        Self::AppByApp,
        Self::SessionBySession,
        Self::PromptsBeforeResponses,
        Self::WeekByWeek,
        Self::OldestYearsFirst,
        Self::Shuffled,
    ];

    fn sort(self, listing: &mut [Listed]) {
        let newest_first = |item: &Listed| std::cmp::Reverse(item.at_ms);
        let mixed = |number: i64| number.wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as i64);
        match self {
            Self::OldestFirst => listing.sort_by_key(|item| item.at_ms),
            Self::AppByApp => listing.sort_by_key(|item| (item.app, newest_first(item))),
            Self::SessionBySession => {
                listing.sort_by_key(|item| (item.session, newest_first(item)));
            }
            Self::PromptsBeforeResponses => {
                listing.sort_by_key(|item| (!item.is_prompt, newest_first(item)));
            }
            Self::WeekByWeek => {
                listing.sort_by_key(|item| (mixed(item.at_ms / (7 * DAY_MS)), newest_first(item)))
            }
            Self::OldestYearsFirst => {
                listing.sort_by_key(|item| (item.at_ms > NOW_MS - 365 * DAY_MS, newest_first(item)))
            }
            Self::Shuffled => listing.sort_by_key(|item| mixed(item.at_ms)),
        }
    }
}

/// Moments of a user who is at work each day.
fn daily(rows: i64, days: i64) -> Vec<i64> {
    (0..rows)
        .map(|row| NOW_MS - 1 - row * days * DAY_MS / rows - row.rem_euclid(7))
        .collect()
}

/// The contract promises no order of pages. Whatever it is, with filters and where they are refused, alone or beside
/// others: nothing is lost.
#[tokio::test(start_paused = true)]
async fn nothing_is_lost_in_whatever_order_a_service_lists() {
    for listing in Listing::ALL {
        for (rows, page_size) in [(2_500, 100), (700, 100), (900, 37), (60, 1)] {
            let moments = sorted(daily(rows, 600));
            let mut listed: Vec<Listed> = moments.iter().copied().map(Listed::at).collect();
            listing.sort(&mut listed);
            let server = Arc::new(HistoryServer {
                listing: listed,
                page_size,
                latency: Duration::from_millis(500),
            });
            for window in [
                Window::until(NOW_MS),
                Window::between(NOW_MS - 90 * DAY_MS, NOW_MS),
                Window::between(NOW_MS - 500 * DAY_MS, NOW_MS - 300 * DAY_MS),
            ] {
                let expected: Vec<i64> = moments
                    .iter()
                    .copied()
                    .filter(|ms| window.contains(*ms))
                    .collect();
                for refuses in [false, true] {
                    for is_alone in [false, true] {
                        let refusing = if refuses {
                            |_: &str| true
                        } else {
                            |_: &str| false
                        };
                        let (client, _) = moody(refusing, Arc::clone(&server));
                        // What the first taught must not mislead the second.
                        for _ in 0..2 {
                            let history = if is_alone {
                                read_alone(&client, window).await
                            } else {
                                read(&client, window).await
                            };
                            history.result.unwrap();
                            assert_eq!(
                                sorted(history.items),
                                expected,
                                "{listing:?}, {rows} rows, {page_size} a page, {window:?}, refuses: {refuses}, alone: {is_alone}"
                            );
                        }
                    }
                }
            }
        }
    }
}

/// An item of one page that comes again on the next is no disorder, and no reason to give up cuts.
#[tokio::test(start_paused = true)]
async fn repeated_items_do_not_look_like_disorder() {
    let moments = clustered(3_000, 4);
    let server = HistoryServer::new(moments.clone(), 300);
    let transport = script(move |request| {
        let server = Arc::clone(&server);
        async move {
            let reply = server.serve(request).await.unwrap();
            let (parts, body) = reply.into_parts();
            let mut page: Value = serde_json::from_slice(&body).unwrap();
            let value = page["value"].as_array_mut().unwrap();
            if let (Some(first), true) = (value.first().cloned(), value.len() > 3) {
                value.push(first);
            }
            Ok(http::Response::from_parts(parts, page.to_string().into()))
        }
    });
    let history = read(&builder(transport).build().unwrap(), Window::until(NOW_MS)).await;
    history.result.unwrap();
    assert_eq!(sorted(history.items), moments);
    assert!(history.windows > 4);
}

#[tokio::test(start_paused = true)]
async fn apps_are_filtered_by_the_service_where_it_can_and_always_at_home() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let transport = script(move |request| {
        log.lock().unwrap().push(parameter(&request, "$filter"));
        let mut word = item("1", "s", NOW_MS - 1000);
        word["appClass"] = json!("IPM.SkypeTeams.Message.Copilot.Word");
        let page = json!({"value": [word, item("2", "s", NOW_MS - 2000)]});
        async move { Ok(answer(200, page.to_string())) }
    });
    let client = builder(transport).build().unwrap();
    let is_word = |class: &str| class.ends_with(".Word");
    for values in [
        vec!["IPM.SkypeTeams.Message.Copilot.Word".to_owned()],
        Vec::new(),
    ] {
        let history = client
            .read_history(
                "u",
                Window::all(),
                &AppFilter::only(values, is_word),
                each(|item| item.id.into_owned()),
            )
            .await;
        assert_eq!(history.items, ["1"]);
    }
    let asked = asked.lock().unwrap();
    assert_eq!(
        *asked,
        [
            Some("appClass eq 'IPM.SkypeTeams.Message.Copilot.Word'".to_owned()),
            None
        ]
    );
}

/// Stumbling answers of all kinds, many of them: every row stands once.
#[tokio::test(start_paused = true)]
async fn with_a_third_of_answers_failing_every_row_is_read() {
    let moments = clustered(3_000, 8);
    let server = HistoryServer::new(moments.clone(), 100);
    let random = Arc::new(Mutex::new(StdRng::seed_from_u64(3)));
    let transport = script(move |request| {
        let server = Arc::clone(&server);
        let fate = random.lock().unwrap().random_range(0..30);
        async move {
            match fate {
                0 => Ok(answer(500, "")),
                1 => Ok(answer(502, "<html>")),
                2 => Ok(answer(503, "")),
                3 => Ok(answer(504, "")),
                4 => Err(hobbs_graph::TransportError::Cut),
                5 => Ok(answer(429, "")),
                6 => {
                    sleep(Duration::from_secs(100_000)).await;
                    Ok(answer(200, ""))
                }
                7 => graph_error(401, "InvalidAuthenticationToken", "expired"),
                8 | 9 => {
                    let (parts, body) = server.serve(request).await.unwrap().into_parts();
                    Ok(http::Response::from_parts(
                        parts,
                        body.slice(..body.len() / 2),
                    ))
                }
                _ => server.serve(request).await,
            }
        }
    });
    let client = builder(transport).build().unwrap();
    let history = read(&client, Window::until(NOW_MS)).await;
    history.result.unwrap();
    assert_eq!(sorted(history.items), moments);
}

/// Users are read in tasks of their own.
#[tokio::test(start_paused = true)]
async fn reading_may_move_between_threads() {
    let (client, _) = client_of(&HistoryServer::new(clustered(250, 1), 10));
    let reading = tokio::spawn(async move { read(&client, Window::until(NOW_MS)).await });
    assert_eq!(reading.await.unwrap().items.len(), 250);
}
