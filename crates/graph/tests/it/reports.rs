//! Microsoft's usage reports: whatever their columns, in whatever order, the rows are right.

use std::sync::Arc;

use hobbs_graph::usage_reports::{
    AppColumn, AppCount, CountSummary, CountTrend, UnkeptReason, UserDetail,
};
use hobbs_graph::{Client, Format, Period, ReadError, ReportVersion, Span, Transport, UserUsage};
use jiff::civil::{Date, date};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::script::*;

const V1_HEADER: &str = "Report Refresh Date,User Principal Name,Display Name,Last Activity Date,Copilot Chat Last Activity Date,Microsoft Teams Copilot Last Activity Date,Word Copilot Last Activity Date,Excel Copilot Last Activity Date,PowerPoint Copilot Last Activity Date,Outlook Copilot Last Activity Date,OneNote Copilot Last Activity Date,Loop Copilot Last Activity Date,Report Period";
const V2_HEADER: &str = ",Prompts submitted for all apps,Prompts submitted for Copilot Chat (work),Prompts submitted for Copilot Chat (web),Active Usage Days for all apps,Copilot Chat (work) Last Activity Date,Copilot Chat (web) Last Activity Date,Microsoft 365 Copilot Last Activity Date,Edge Last Activity Date,Copilot Agent Last Activity Date";

fn days(version: ReportVersion, days: u16) -> Period {
    Period::new(version, Span::Days(days)).unwrap()
}

/// Compiles only if a task may carry it from thread to thread.
fn may_move<T: Send>(reading: T) -> T {
    reading
}

/// A client whose Graph answers every request with this body.
fn with_body(body: impl Into<Vec<u8>>) -> Client {
    let body = body.into();
    let transport = script(move |_| std::future::ready(Ok(answer(200, body.clone()))));
    builder(transport).build().unwrap()
}

async fn csv_detail(body: impl Into<Vec<u8>>) -> UserDetail {
    let period = days(ReportVersion::V2, 28);
    with_body(body)
        .user_detail(period, Format::Csv)
        .await
        .unwrap()
}

fn dates(usage: &UserUsage) -> Vec<(&'static str, Date)> {
    usage
        .apps
        .iter()
        .map(|(column, date)| (column.name(), date))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn version_2_as_csv() {
    let transport = script(|request| async move {
        assert_eq!(
            request.uri().path(),
            "/v1.0/copilot/reports/getMicrosoft365CopilotUsageUserDetail(period='D28',version='v2')"
        );
        assert_eq!(request.uri().query(), None);
        Ok(answer(
            200,
            format!(
                "\u{feff}{V1_HEADER}{V2_HEADER}\r\n\
                 2026-11-20,a@x,\"Doe, Jane \"\"JD\"\"\r\nSales\",2026-11-19,2026-11-18,,2026-11-19,,,,,,28,142,90,52,19,2026-11-18,,2026-11-01,,2026-11-02\r\n\
                 2026-11-20,b@x,B,,,,,,,,,,28,0,0,0,0,,,,,\r\n"
            ),
        ))
    });
    let client = builder(transport).build().unwrap();
    let detail = client
        .user_detail(days(ReportVersion::V2, 28), Format::Csv)
        .await
        .unwrap();
    assert_eq!(detail.facts.refresh_date, Some(date(2026, 11, 20)));
    assert_eq!((detail.facts.kept, detail.rows.len()), (2, 2));
    assert!(detail.facts.unkept.is_empty() && detail.facts.unknown_columns.is_empty());
    let [jane, b] = detail.rows.as_slice() else {
        panic!("two rows")
    };
    assert_eq!(jane.user_principal_name, "a@x");
    assert_eq!(
        jane.display_name.as_deref(),
        Some("Doe, Jane \"JD\"\r\nSales")
    );
    assert_eq!(jane.period_days, Some(28));
    assert_eq!(jane.last_activity_date, Some(date(2026, 11, 19)));
    assert_eq!(
        dates(jane),
        [
            ("copilot_chat_last_activity_date", date(2026, 11, 18)),
            ("word_copilot_last_activity_date", date(2026, 11, 19)),
            ("copilot_chat_work_last_activity_date", date(2026, 11, 18)),
            (
                "microsoft_365_copilot_last_activity_date",
                date(2026, 11, 1)
            ),
            ("copilot_agent_last_activity_date", date(2026, 11, 2)),
        ]
    );
    assert_eq!(jane.apps.latest(), Some(date(2026, 11, 19)));
    assert_eq!(jane.apps.get(AppColumn::Edge), None);
    assert_eq!(
        [
            jane.prompts_submitted,
            jane.prompts_submitted_copilot_chat_work,
            jane.prompts_submitted_copilot_chat_web,
            jane.active_usage_days
        ],
        [Some(142), Some(90), Some(52), Some(19)]
    );
    assert_eq!(b.prompts_submitted, Some(0));
    assert_eq!((b.last_activity_date, dates(b)), (None, vec![]));
}

#[tokio::test(start_paused = true)]
async fn csv_and_json_give_the_same_rows() {
    let csv = format!(
        "\u{feff}{V1_HEADER}{V2_HEADER}\r\n\
         2026-11-20,a@x,\"Doe, Jane\",2026-11-19,2026-11-18,2026-11-10,2026-11-19,2026-11-11,2026-11-12,2026-11-13,2026-11-14,2026-11-15,7,40,30,10,5,2026-11-18,2026-11-17,2026-11-16,2026-11-09,2026-11-08\r\n\
         2026-11-20,a@x,\"Doe, Jane\",2026-11-19,2026-11-18,2026-11-10,2026-11-19,2026-11-11,2026-11-12,2026-11-13,2026-11-14,2026-11-15,28,142,90,52,19,2026-11-18,2026-11-17,2026-11-16,2026-11-09,2026-11-08\r\n\
         2026-11-20,b@x,B,,,,,,,,,,7,,,,,,,,,\r\n"
    );
    let jane = json!({"reportRefreshDate": "2026-11-20", "userPrincipalName": "a@x", "displayName": "Doe, Jane",
        "lastActivityDate": "2026-11-19", "copilotChatLastActivityDate": "2026-11-18", "microsoftTeamsCopilotLastActivityDate": "2026-11-10",
        "wordCopilotLastActivityDate": "2026-11-19", "excelCopilotLastActivityDate": "2026-11-11", "powerPointCopilotLastActivityDate": "2026-11-12",
        "outlookCopilotLastActivityDate": "2026-11-13", "oneNoteCopilotLastActivityDate": "2026-11-14", "loopCopilotLastActivityDate": "2026-11-15",
        "copilotChatWorkLastActivityDate": "2026-11-18", "copilotChatWebLastActivityDate": "2026-11-17", "microsoft365CopilotLastActivityDate": "2026-11-16",
        "edgeLastActivityDate": "2026-11-09", "copilotAgentLastActivityDate": "2026-11-08",
        "copilotActivityUserDetailsByPeriod": [
            {"reportPeriod": 7, "promptsSubmitted": 40, "activeUsageDays": 5, "promptsSubmittedForCopilotChatWork": 30, "promptsSubmittedForCopilotChatWeb": 10},
            {"reportPeriod": 28, "promptsSubmitted": 142, "activeUsageDays": 19, "promptsSubmittedForCopilotChatWork": 90, "promptsSubmittedForCopilotChatWeb": 52}]});
    let b = json!({"reportRefreshDate": "2026-11-20", "userPrincipalName": "b@x", "displayName": "B", "lastActivityDate": "",
        "wordCopilotLastActivityDate": null, "copilotActivityUserDetailsByPeriod": [{"reportPeriod": 7, "promptsSubmitted": null}]});
    let transport = script(move |request| {
        assert!(request.uri().path().starts_with(
            "/beta/copilot/reports/getMicrosoft365CopilotUsageUserDetail(period='ALL',version='v2')"
        ));
        let page = match parameter(&request, "$skiptoken") {
            None => {
                json!({"value": [jane], "@odata.nextLink": format!("{GRAPH}{}?$skiptoken=2", request.uri().path())})
            }
            Some(_) => json!({"value": [b]}),
        };
        std::future::ready(Ok(answer(200, page.to_string())))
    });
    let client = builder(transport).build().unwrap();
    let from_json = client
        .user_detail(Period::all(ReportVersion::V2), Format::Json)
        .await
        .unwrap();
    let from_csv = csv_detail(csv).await;
    assert_eq!(from_json, from_csv);
    assert_eq!(from_csv.rows.len(), 3);
    assert_eq!(from_csv.rows[0].apps.iter().count(), AppColumn::ALL.len());
}

#[tokio::test(start_paused = true)]
async fn columns_more_and_less_in_any_case_and_order() {
    let detail = csv_detail(
        "REPORT PERIOD, word  copilot last activity date,Whiteboard Copilot Last Activity Date,UserPrincipalName,Whiteboard Copilot Last Activity Date,,Report Period\n\
         30,2026-11-19,2026-11-18,a@x,second,,99\n\
         D30,soon,,b@x,,unnamed\n\
         30\n\
         30,,,c@x,,,,,\n\
         30,,,d@x,,,,Sales\n",
    )
    .await;
    assert_eq!(detail.facts.refresh_date, None);
    let unknown: Vec<&str> = detail
        .facts
        .unknown_columns
        .iter()
        .map(String::as_str)
        .collect();
    assert_eq!(
        unknown,
        [
            "Report Period",
            "Whiteboard Copilot Last Activity Date",
            "Whiteboard Copilot Last Activity Date (again)",
            "column 6"
        ]
    );
    assert_eq!(
        detail.facts.unkept,
        [
            (UnkeptReason::NoUserName, 1),
            (UnkeptReason::TooManyCells, 1)
        ]
        .into()
    );
    let [a, b, c] = detail.rows.as_slice() else {
        panic!("three rows: {:?}", detail.rows)
    };
    assert_eq!(
        (a.period_days, a.refresh_date, a.display_name.as_deref()),
        (Some(30), None, None)
    );
    assert_eq!(
        dates(a),
        [("word_copilot_last_activity_date", date(2026, 11, 19))]
    );
    let others: Vec<(&str, &str)> = a
        .other_columns
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    assert_eq!(
        others,
        [
            ("Report Period", "99"),
            ("Whiteboard Copilot Last Activity Date", "2026-11-18"),
            ("Whiteboard Copilot Last Activity Date (again)", "second"),
        ]
    );
    // What is no date is kept as it is, not lost.
    assert_eq!(b.period_days, Some(30));
    assert_eq!(dates(b), []);
    assert_eq!(b.other_columns["word  copilot last activity date"], "soon");
    assert_eq!(b.other_columns["column 6"], "unnamed");
    assert_eq!(c.user_principal_name, "c@x");
}

#[tokio::test(start_paused = true)]
async fn marks_and_ends_of_lines_change_nothing() {
    let plain = format!(
        "{V1_HEADER}\n2026-11-20,a@x,\"Ä, Ö\",2026-11-19,,,,,,,,,7\n2026-11-20,b@x,B,,,,,,,,,,7"
    );
    let expected = csv_detail(plain.clone()).await;
    assert_eq!(expected.rows.len(), 2);
    assert_eq!(expected.rows[0].display_name.as_deref(), Some("Ä, Ö"));
    for text in [
        format!("\u{feff}{plain}"),
        plain.replace('\n', "\r\n"),
        format!("\u{feff}{}\r\n", plain.replace('\n', "\r\n")),
        format!("\u{feff}{}\r\n\r\n", plain.replace('\n', "\r\n\r\n")),
        plain
            .replace(',', ", ")
            .replace("\"Ä, , Ö\"", "Ä")
            .replace(", ", ","),
        V1_HEADER
            .split(',')
            .map(|name| format!("\"{name}\""))
            .collect::<Vec<_>>()
            .join(",")
            + &plain[V1_HEADER.len()..],
    ] {
        let mut detail = csv_detail(text.clone()).await;
        if text.contains(",Ä,") {
            detail.rows[0].display_name = Some("Ä, Ö".to_owned());
        }
        assert_eq!(detail, expected, "{text:?}");
    }
    let mut broken = format!("{V1_HEADER}\n2026-11-20,a@x,").into_bytes();
    broken.extend(b"\xff\xfe,2026-11-19\n");
    let detail = csv_detail(broken).await;
    assert_eq!(detail.rows[0].last_activity_date, Some(date(2026, 11, 19)));
}

#[tokio::test(start_paused = true)]
async fn a_report_of_nobody_is_a_report() {
    for header in [
        V1_HEADER.to_owned(),
        format!("\u{feff}{V1_HEADER}{V2_HEADER}\r\n"),
    ] {
        let detail = csv_detail(header).await;
        assert_eq!((detail.rows.len(), detail.facts.kept), (0, 0));
        assert_eq!(detail.facts.refresh_date, None);
    }
    let client = with_body(r#"{"value":[]}"#);
    let period = days(ReportVersion::V1, 30);
    let detail = client.user_detail(period, Format::Json).await.unwrap();
    assert!(detail.rows.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_no_report_is_asked_for_again_and_then_an_error() {
    for body in [
        "<!DOCTYPE html><title>welcome to the hotel's wifi</title>",
        "",
        "\u{feff}",
    ] {
        let transport = script(move |_| std::future::ready(Ok(answer(200, body))));
        let client = builder(transport.clone()).build().unwrap();
        let error = client
            .user_detail(days(ReportVersion::V1, 7), Format::Csv)
            .await
            .unwrap_err();
        assert_eq!(error.code(), "retries_exhausted", "{body}");
        // Not ten times: each costs one of fourteen.
        assert_eq!(client.statistics().requests, 4);
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_that_the_service_does_not_know_is_told_and_asked_once() {
    let transport =
        script(|_| std::future::ready(graph_error(400, "BadRequest", "version is not supported")));
    let client = builder(transport.clone()).build().unwrap();
    for format in [Format::Csv, Format::Json] {
        let error = client
            .user_count_summary(days(ReportVersion::V2, 28), format)
            .await
            .unwrap_err();
        assert!(matches!(error, ReadError::BadRequest(_)), "{error}");
    }
    assert_eq!(client.statistics().requests, 2);
}

#[tokio::test(start_paused = true)]
async fn odd_rows_of_json_are_counted() {
    let body = json!({"value": [null, 7,
        {"reportRefreshDate": "2026-11-20", "displayName": "nobody"},
        {"reportRefreshDate": "2026-11-20", "userPrincipalName": "a@x", "promptsSubmitted": 3.0, "newThing": {"x": [1]}, "@odata.type": "#x"},
        {"userPrincipalName": "b@x", "copilotActivityUserDetailsByPeriod": [null, {"reportPeriod": "30", "newCount": 5}]}]});
    let detail = with_body(body.to_string())
        .user_detail(Period::all(ReportVersion::V1), Format::Json)
        .await
        .unwrap();
    assert_eq!(
        detail.facts.unkept,
        [(UnkeptReason::NoUserName, 1), (UnkeptReason::NotARow, 3)].into()
    );
    let [a, b] = detail.rows.as_slice() else {
        panic!("two rows")
    };
    assert_eq!(a.prompts_submitted, Some(3));
    assert_eq!(
        a.other_columns,
        [("newThing".to_owned(), r#"{"x":[1]}"#.to_owned())].into()
    );
    assert_eq!(b.period_days, Some(30));
    assert_eq!(b.other_columns["newCount"], "5");
}

#[tokio::test(start_paused = true)]
async fn concealed_names_are_recognized() {
    const HASH: &str = "F5B1A6E0C7D84C1A9E3B2D4F6A8C0E1D";
    let lower = HASH.to_lowercase();
    let detail = csv_detail(format!(
        "User Principal Name,Display Name\n{HASH},{HASH}\n{lower},{lower}\n{HASH},Jane\na@x,{HASH}\n{HASH},\n{HASH}0,{HASH}\n"
    ))
    .await;
    let concealed: Vec<bool> = detail.rows.iter().map(UserUsage::is_concealed).collect();
    // Whatever the display name is: nobody can be found by what is no principal name.
    assert_eq!(concealed, [true, true, true, false, true, true]);
}

fn count(app: &str, enabled: Option<i64>, active: Option<i64>) -> AppCount {
    AppCount {
        app: app.to_owned(),
        enabled,
        active,
    }
}

#[tokio::test(start_paused = true)]
async fn summaries() {
    let csv = "\u{feff}Report Refresh Date,Report Period,Any App Enabled Users,Any App Active Users,Copilot Chat (work) Active Users,Copilot Chat (work) Enabled Users,Power BI Enabled Users,Power BI Active Users,Word Enabled Users,Word Active Users,Total prompts submitted,Average prompts submitted\r\n\
               2026-11-20,7,100,60,10,99,3,2,100,,1500,25.5\r\n2026-11-20,28,101,70,11,99,3,2,101,50,3000,42\r\n";
    let json = json!({"value": [{"reportRefreshDate": "2026-11-20", "adoptionByProduct": [
        {"reportPeriod": 7, "anyAppEnabledUsers": 100, "anyAppActiveUsers": 60, "copilotChatWorkEnabledUsers": 99, "copilotChatWorkActiveUsers": 10,
         "powerBIEnabledUsers": 3, "powerBIActiveUsers": 2, "wordEnabledUsers": 100, "wordActiveUsers": null, "totalPromptsSubmitted": 1500, "averagePromptsSubmitted": 25.5},
        {"reportPeriod": 28, "anyAppEnabledUsers": 101, "anyAppActiveUsers": 70, "copilotChatWorkEnabledUsers": 99, "copilotChatWorkActiveUsers": 11,
         "powerBIEnabledUsers": 3, "powerBIActiveUsers": 2, "wordEnabledUsers": 101, "wordActiveUsers": 50, "totalPromptsSubmitted": 3000, "averagePromptsSubmitted": 42}]}]});
    let period = Period::all(ReportVersion::V2);
    let from_csv: CountSummary = with_body(csv)
        .user_count_summary(period, Format::Csv)
        .await
        .unwrap();
    let from_json = with_body(json.to_string())
        .user_count_summary(period, Format::Json)
        .await
        .unwrap();
    assert_eq!(from_json, from_csv);
    assert_eq!(from_csv.facts.kept, 2);
    let week = &from_csv.rows[0];
    assert_eq!(week.period_days, Some(7));
    assert_eq!(
        week.apps,
        [
            count("Any App", Some(100), Some(60)),
            count("Word", Some(100), None),
            count("Copilot Chat (work)", Some(99), Some(10)),
            count("Power BI", Some(3), Some(2)),
        ]
    );
    assert_eq!(
        (week.prompts_submitted, week.average_prompts),
        (Some(1500), Some(25.5))
    );
    assert!(week.other_columns.is_empty());
}

#[tokio::test(start_paused = true)]
async fn trends() {
    let csv = "\u{feff}Report Refresh Date,Report Date,Any App Enabled Users,Any App Active Users,Edge Enabled Users,Edge Active Users,Report Period,Prompts submitted,Weather\r\n\
               2026-11-20,2026-11-20,100,60,7,1,7,800,fair\r\n2026-11-20,2026-11-19,100,61,7,many,7,801,\r\n2026-11-20,,1,1,1,1,7,1,\r\n";
    let json = json!({"value": [{"reportRefreshDate": "2026-11-20", "reportPeriod": 7, "adoptionByDate": [
        {"reportDate": "2026-11-20", "anyAppEnabledUsers": 100, "anyAppActiveUsers": 60, "edgeEnabledUsers": 7, "edgeActiveUsers": 1, "promptsSubmitted": 800, "Weather": "fair"},
        {"reportDate": "2026-11-19", "anyAppEnabledUsers": 100, "anyAppActiveUsers": 61, "edgeEnabledUsers": 7, "Edge Active Users": "many", "promptsSubmitted": 801},
        {"anyAppEnabledUsers": 1}]}]});
    let period = days(ReportVersion::V2, 7);
    let from_csv: CountTrend = with_body(csv)
        .user_count_trend(period, Format::Csv)
        .await
        .unwrap();
    assert_eq!(from_csv.facts.unkept, [(UnkeptReason::NoDate, 1)].into());
    let today = &from_csv.rows[0];
    assert_eq!(
        (
            today.report_date,
            today.period_days,
            today.prompts_submitted
        ),
        (date(2026, 11, 20), Some(7), Some(800))
    );
    assert_eq!(
        today.apps,
        [
            count("Any App", Some(100), Some(60)),
            count("Edge", Some(7), Some(1))
        ]
    );
    assert_eq!(today.other_columns["Weather"], "fair");
    assert_eq!(from_csv.rows[1].apps[1], count("Edge", Some(7), None));
    assert_eq!(from_csv.rows[1].other_columns["Edge Active Users"], "many");
    let from_json = with_body(json.to_string())
        .user_count_trend(period, Format::Json)
        .await
        .unwrap();
    assert_eq!(from_json.rows[0], from_csv.rows[0]);
    assert_eq!(from_json.facts.unkept, from_csv.facts.unkept);
}

/// The cells of a report as CSV, its columns in this order.
fn csv_in_order(header: &[String], rows: &[Vec<String>], order: &[usize]) -> String {
    let line = |cells: &[String]| {
        let quoted: Vec<String> = order
            .iter()
            .map(|at| format!("\"{}\"", cells[*at].replace('"', "\"\"")))
            .collect();
        quoted.join(",") + "\r\n"
    };
    let rows: String = rows.iter().map(|row| line(row)).collect();
    line(header) + &rows
}

fn report_of_users() -> impl Strategy<Value = (Vec<String>, Vec<Vec<String>>, Vec<usize>)> {
    let header: Vec<String> = format!("{V1_HEADER}{V2_HEADER},New Column,Another")
        .split(',')
        .map(str::to_owned)
        .collect();
    let width = header.len();
    let name = "[a-z]{0,3}[,\"\n\r ;é]{0,3}[a-z]{0,3}";
    let cell = prop_oneof![
        Just(String::new()),
        Just("2026-11-19".to_owned()),
        "[0-9]{1,3}",
        name
    ];
    let row = (proptest::collection::vec(cell, width), "[a-z]{0,2}").prop_map(|(mut row, user)| {
        row[1] = user;
        row
    });
    let rows = proptest::collection::vec(row, 0..6);
    let order = Just((0..width).collect::<Vec<_>>()).prop_shuffle();
    (Just(header), rows, order)
}

fn read_now(client: impl Fn() -> Client) -> UserDetail {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        client()
            .user_detail(days(ReportVersion::V2, 28), Format::Csv)
            .await
            .unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_columns_does_not_matter((header, rows, order) in report_of_users()) {
        let as_documented: Vec<usize> = (0..header.len()).collect();
        let expected = read_now(|| with_body(csv_in_order(&header, &rows, &as_documented)));
        let shuffled = read_now(|| with_body(csv_in_order(&header, &rows, &order)));
        prop_assert_eq!(&shuffled, &expected);
        // Nothing is lost: each row is there or counted, and each cell of a kept row is somewhere.
        prop_assert_eq!(expected.facts.kept + expected.facts.unkept.values().sum::<u64>(), rows.len() as u64);
        let kept = rows.iter().filter(|row| !row[1].is_empty());
        for (usage, row) in expected.rows.iter().zip(kept) {
            prop_assert_eq!(usage.display_name.as_deref().unwrap_or(""), if row[2].trim().is_empty() { "" } else { &row[2] });
            let known = [usage.refresh_date.is_some(), true, usage.display_name.is_some(), usage.last_activity_date.is_some(),
                usage.period_days.is_some(), usage.prompts_submitted.is_some(), usage.prompts_submitted_copilot_chat_work.is_some(),
                usage.prompts_submitted_copilot_chat_web.is_some(), usage.active_usage_days.is_some()];
            let known = known.into_iter().filter(|is_known| *is_known).count() + usage.apps.iter().count();
            let filled = row.iter().filter(|cell| !cell.trim().is_empty()).count();
            prop_assert_eq!(known + usage.other_columns.len(), filled);
        }
    }
}

/// Else a header of a megabyte would become names of terabytes.
#[tokio::test(start_paused = true)]
async fn a_column_that_comes_a_thousand_times_has_short_names() {
    let header = format!("User Principal Name{}", ",New".repeat(2_000));
    let row = format!("u@x{}", ",1".repeat(2_000));
    let detail = csv_detail(format!("{header},New (again),New (again 3)\n{row},2,3\n")).await;
    let names = &detail.facts.unknown_columns;
    assert_eq!(names.len(), 2_002);
    assert!(
        names
            .iter()
            .all(|name| name.len() <= "New (again 2000) (again)".len())
    );
    assert_eq!(detail.rows[0].other_columns.len(), 2_002);
}

#[tokio::test(start_paused = true)]
async fn rows_can_be_taken_one_by_one() {
    let mut body = V1_HEADER.to_owned();
    for user in 0..1_000 {
        body.push_str(&format!("\r\n2026-11-20,u{user}@x,U,2026-11-19,,,,,,,,,30"));
    }
    let mut seen = Vec::new();
    let client = with_body(body);
    let period = days(ReportVersion::V1, 30);
    let reading = client.user_detail_by_row(period, Format::Csv, |usage| {
        seen.push(usage.user_principal_name);
    });
    let facts = may_move(reading).await.unwrap();
    assert_eq!(facts.kept, 1_000);
    assert_eq!((seen.len(), seen[999].as_str()), (1_000, "u999@x"));
}

#[tokio::test(start_paused = true)]
async fn pages_of_json_that_lead_elsewhere_or_in_circles_are_errors() {
    for (link, code) in [
        (
            "https://evil.example/beta/x?$skiptoken=1".to_owned(),
            "foreign_next_link",
        ),
        (format!("{GRAPH}/beta/x?$skiptoken=1"), "looping_next_link"),
    ] {
        let page: Value = json!({"value": [], "@odata.nextLink": link});
        let client = with_body(page.to_string());
        let error = client
            .user_detail(days(ReportVersion::V1, 30), Format::Json)
            .await
            .unwrap_err();
        assert_eq!(error.code(), code);
    }
}

#[tokio::test(start_paused = true)]
async fn settings_of_reports() {
    for (body, expected) in [
        (r#"{"displayConcealedNames":true}"#, Some(true)),
        (r#"{"displayConcealedNames":false}"#, Some(false)),
        ("{}", None),
    ] {
        let transport: Arc<dyn Transport> = script(move |request| async move {
            assert_eq!(request.uri().path(), "/v1.0/admin/reportSettings");
            Ok(answer(200, body))
        });
        let client = builder(transport).build().unwrap();
        let settings = client.report_settings().await.unwrap();
        assert_eq!(settings.display_concealed_names, expected);
    }
}
