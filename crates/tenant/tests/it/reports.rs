//! Microsoft's usage reports against the truth of who did what.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hobbs_tenant::{
    Access, Corpus, Limits, ReportDelivery, ReportOddity, Tenant, TenantOptions, TrueReason,
    TrueUsage, UsageApp, Volume,
};
use http::{Request, Response, StatusCode};
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::support::{GRAPH, HOUR_MS, Hands, START_MS, get, get_json, json, token, try_get, whole};

const DETAIL: &str = "getMicrosoft365CopilotUsageUserDetail";
const SUMMARY: &str = "getMicrosoft365CopilotUserCountSummary";
const TREND: &str = "getMicrosoft365CopilotUserCountTrend";
const V1: [u16; 4] = [7, 30, 90, 180];
const V2: [u16; 4] = [7, 28, 90, 180];
/// The apps that the user detail has a date for.
const DATED: [(&str, UsageApp); 14] = [
    ("Last Activity Date", UsageApp::AnyApp),
    ("Copilot Chat Last Activity Date", UsageApp::CopilotChat),
    (
        "Microsoft Teams Copilot Last Activity Date",
        UsageApp::MicrosoftTeams,
    ),
    ("Word Copilot Last Activity Date", UsageApp::Word),
    ("Excel Copilot Last Activity Date", UsageApp::Excel),
    (
        "PowerPoint Copilot Last Activity Date",
        UsageApp::PowerPoint,
    ),
    ("Outlook Copilot Last Activity Date", UsageApp::Outlook),
    ("OneNote Copilot Last Activity Date", UsageApp::OneNote),
    ("Loop Copilot Last Activity Date", UsageApp::Loop),
    (
        "Copilot Chat (work) Last Activity Date",
        UsageApp::CopilotChatWork,
    ),
    (
        "Copilot Chat (web) Last Activity Date",
        UsageApp::CopilotChatWeb,
    ),
    (
        "Microsoft 365 Copilot Last Activity Date",
        UsageApp::Microsoft365Copilot,
    ),
    ("Edge Last Activity Date", UsageApp::Edge),
    ("Copilot Agent Last Activity Date", UsageApp::CopilotAgent),
];

/// A tenant in which much happens, and its clock.
fn tenant(options: TenantOptions) -> (Tenant, Hands) {
    let hands = Hands::new();
    (Tenant::new(options, hands.clock()).unwrap(), hands)
}

fn lively(seed: u64) -> TenantOptions {
    TenantOptions {
        users: 120,
        days_of_history: 60,
        limits: Limits::off(),
        // The clock moves by days.
        token_lifetime_s: 60 * 86_400,
        ..TenantOptions::seeded(seed)
    }
    .lively()
}

fn report_url(version: &str, function: &str, arguments: &str) -> String {
    format!("{GRAPH}/{version}/copilot/reports/{function}({arguments})")
}

async fn unauthorized(tenant: &Tenant, url: &str) -> Response<Bytes> {
    whole(
        tenant
            .answer(Request::get(url).body(Bytes::new()).unwrap())
            .await,
    )
}

/// Follows the redirect as a careful client does: without the token.
async fn csv(tenant: &Tenant, token: &str, url: &str) -> String {
    let response = get(tenant, token, url).await;
    let response = match response.status() {
        StatusCode::FOUND => {
            assert!(response.body().is_empty());
            let address = response.headers()["location"].to_str().unwrap().to_owned();
            unauthorized(tenant, &address).await
        }
        _ => response,
    };
    assert_eq!(response.status(), StatusCode::OK, "{url}: {response:?}");
    String::from_utf8(response.body().to_vec()).unwrap()
}

/// Reads RFC 4180 with a byte-order mark and CRLF, and nothing else.
fn table(text: &str) -> (Vec<String>, Vec<BTreeMap<String, String>>) {
    let text = text.strip_prefix('\u{feff}').expect("a byte-order mark");
    let mut lines = records(text).into_iter();
    let header = lines.next().unwrap();
    let rows = lines.map(|line| {
        assert_eq!(line.len(), header.len());
        header.iter().cloned().zip(line).collect()
    });
    let rows = rows.collect();
    (header, rows)
}

fn records(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut letters = text.chars().peekable();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut field)),
            '\r' if !quoted => {
                assert_eq!(letters.next(), Some('\n'), "a bare carriage return");
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            other => field.push(other),
        }
    }
    assert!(
        !quoted && record.is_empty() && field.is_empty(),
        "the last line has no end"
    );
    records
}

/// All entries of a report in JSON, over its pages.
async fn entries(tenant: &Tenant, token: &str, url: &str) -> Vec<Map<String, Value>> {
    let values = crate::support::all(tenant, token, url).await;
    values
        .into_iter()
        .map(|value| value.as_object().unwrap().clone())
        .collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A name in a CSV header as the JSON field is called: `Word Copilot Last Activity Date` → `wordcopilotlastactivitydate`.
fn folded(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    let folded = letters.collect::<String>().to_lowercase();
    match folded.as_str() {
        "promptssubmittedforallapps" => "promptssubmitted".to_owned(),
        "activeusagedaysforallapps" => "activeusagedays".to_owned(),
        _ => folded,
    }
}

/// JSON's entries and what they list, as rows.
fn flat(entries: &[Map<String, Value>]) -> Vec<BTreeMap<String, String>> {
    let mut rows = Vec::new();
    for entry in entries {
        let list = entry.values().find_map(Value::as_array).unwrap();
        for within in list {
            let fields = entry.iter().filter(|(_, value)| !value.is_array());
            let fields = fields.chain(within.as_object().unwrap());
            rows.push(
                fields
                    .map(|(name, value)| (folded(name), text(value)))
                    .collect(),
            );
        }
    }
    rows
}

fn folded_rows(rows: &[BTreeMap<String, String>]) -> Vec<BTreeMap<String, String>> {
    rows.iter()
        .map(|row| {
            row.iter()
                .map(|(name, value)| (folded(name), value.clone()))
                .collect()
        })
        .collect()
}

fn shown(truth: &TrueUsage, app: UsageApp) -> String {
    let shown = truth.app(app).shown;
    shown.map_or(String::new(), |day| day.to_string())
}

#[tokio::test]
async fn every_form_of_every_report_says_the_same() {
    let (tenant, _) = tenant(lively(3));
    let token = token(&tenant).await;
    for function in [DETAIL, SUMMARY, TREND] {
        for (version, periods) in [("v1", V1), ("v2", V2)] {
            let periods = periods.map(|days| format!("D{days}"));
            for period in periods.iter().map(String::as_str).chain(["ALL"]) {
                let arguments = format!("period='{period}',version='{version}'");
                let url = report_url("v1.0", function, &arguments);
                let (_, rows) = table(&csv(&tenant, &token, &url).await);
                let beta = report_url("beta", function, &arguments);
                let listed = entries(&tenant, &token, &format!("{beta}?$top=37")).await;
                assert!(!rows.is_empty());
                assert!(
                    folded_rows(&rows) == flat(&listed),
                    "{function} {arguments}"
                );
                let other = csv(&tenant, &token, &format!("{beta}?$format=text/csv")).await;
                assert!(table(&other).1 == rows);
                let json = format!("{url}?$format=application/json");
                assert!(entries(&tenant, &token, &json).await == listed);
            }
        }
    }
}

#[tokio::test]
async fn headers_are_microsofts() {
    let (tenant, _) = tenant(lively(3));
    let token = token(&tenant).await;
    let v1 = "Report Refresh Date,User Principal Name,Display Name,Last Activity Date,Copilot Chat Last Activity Date,Microsoft Teams Copilot Last Activity Date,Word Copilot Last Activity Date,Excel Copilot Last Activity Date,PowerPoint Copilot Last Activity Date,Outlook Copilot Last Activity Date,OneNote Copilot Last Activity Date,Loop Copilot Last Activity Date,Report Period";
    let v2 = "Prompts submitted for all apps,Prompts submitted for Copilot Chat (work),Prompts submitted for Copilot Chat (web),Active Usage Days for all apps,Copilot Chat (work) Last Activity Date,Copilot Chat (web) Last Activity Date,Microsoft 365 Copilot Last Activity Date,Edge Last Activity Date,Copilot Agent Last Activity Date";
    let counted = "Any App Enabled Users,Any App Active Users,Microsoft Teams Enabled Users,Microsoft Teams Active Users,Word Enabled Users,Word Active Users,Excel Enabled Users,Excel Active Users,PowerPoint Enabled Users,PowerPoint Active Users,Outlook Enabled Users,Outlook Active Users,OneNote Enabled Users,OneNote Active Users,Loop Enabled Users,Loop Active Users,Copilot Chat Enabled Users,Copilot Chat Active Users";
    let counted_v2 = "Edge Enabled Users,Edge Active Users,Microsoft 365 Copilot Enabled Users,Microsoft 365 Copilot Active Users,Copilot Chat (work) Enabled Users,Copilot Chat (work) Active Users,Copilot Chat (web) Enabled Users,Copilot Chat (web) Active Users";
    let expected = [
        (DETAIL, "period='D7'", v1.to_owned()),
        (DETAIL, "version='v2',period='D7'", format!("{v1},{v2}")),
        (
            SUMMARY,
            "period='D7'",
            format!("Report Refresh Date,Report Period,{counted}"),
        ),
        (
            SUMMARY,
            "period='D7', version='v2'",
            format!(
                "Report Refresh Date,Report Period,{counted},{counted_v2},Total prompts submitted,Average prompts submitted"
            ),
        ),
        (
            TREND,
            "period='D7'",
            format!("Report Refresh Date,Report Date,{counted},Report Period"),
        ),
        (
            TREND,
            "period='D7',version='v2'",
            format!(
                "Report Refresh Date,Report Date,{counted},{counted_v2},Report Period,Prompts submitted"
            ),
        ),
    ];
    for (function, arguments, header) in expected {
        let url = report_url("v1.0", &function.to_uppercase(), arguments);
        let text = csv(&tenant, &token, &url).await;
        assert!(text.starts_with(&format!("\u{feff}{header}\r\n")), "{text}");
    }
}

#[tokio::test]
async fn the_user_detail_is_the_truth() {
    let weeks = [("period='ALL',version='v2'", V2), ("period='ALL'", V1)];
    let tenants = [
        lively(3),
        TenantOptions {
            volume: Volume::Exactly(150),
            ..lively(4)
        },
        TenantOptions {
            volume: Volume::Total(9_000),
            careers: true,
            ..lively(5)
        },
        TenantOptions {
            corpus: Corpus::Tuning,
            ..lively(6)
        },
        TenantOptions {
            active_share: Some(0.3),
            ..lively(7)
        },
        // So much in so short a time that ids collide and sessions run into midnight.
        TenantOptions {
            users: 20,
            days_of_history: 5,
            volume: Volume::Exactly(8_000),
            ..lively(8).frozen()
        },
    ];
    for options in tenants {
        let (tenant, hands) = tenant(options);
        let token = token(&tenant).await;
        let mut seen = BTreeMap::new();
        for _ in 0..6 {
            hands.advance(19 * HOUR_MS);
            let truths: BTreeMap<String, TrueUsage> = tenant
                .usage_truth(tenant.now_ms())
                .filter(|truth| truth.reported)
                .map(|truth| (truth.user_principal_name.clone(), truth))
                .collect();
            for (arguments, periods) in weeks {
                let url = report_url("v1.0", DETAIL, arguments);
                let (header, rows) = table(&csv(&tenant, &token, &url).await);
                assert_eq!(rows.len(), 4 * truths.len());
                for row in &rows {
                    let truth = &truths[&row["User Principal Name"]];
                    assert_eq!(row["Report Refresh Date"], truth.refresh_date.to_string());
                    for (name, app) in DATED
                        .iter()
                        .filter(|(name, _)| header.iter().any(|known| known == name))
                    {
                        assert_eq!(row[*name], shown(truth, *app), "{name} of {truth:?}");
                        *seen.entry(*name).or_insert(0) += usize::from(!row[*name].is_empty());
                    }
                    let days: u16 = row["Report Period"].parse().unwrap();
                    assert!(periods.contains(&days));
                    let period = truth.period(days).unwrap();
                    if arguments.contains("v2") {
                        assert_eq!(
                            row["Prompts submitted for all apps"],
                            period.prompts.to_string()
                        );
                        assert_eq!(
                            row["Prompts submitted for Copilot Chat (work)"],
                            period.chat_work_prompts.to_string()
                        );
                        assert_eq!(
                            row["Prompts submitted for Copilot Chat (web)"],
                            period.chat_web_prompts.to_string()
                        );
                        assert_eq!(
                            row["Active Usage Days for all apps"],
                            period.active_days.to_string()
                        );
                        assert!(period.typed_prompts <= period.prompts);
                    }
                }
            }
        }
        assert_eq!(seen.len(), DATED.len());
        assert!(seen.values().all(|dates| *dates > 0), "{seen:?}");
    }
}

#[tokio::test]
async fn summary_and_trend_count_the_users_of_the_detail() {
    let (tenant, _) = tenant(lively(6));
    let token = token(&tenant).await;
    let truths: Vec<TrueUsage> = tenant
        .usage_truth(tenant.now_ms())
        .filter(|truth| truth.reported)
        .collect();
    let refresh = truths[0].refresh_date;
    let url = report_url("v1.0", SUMMARY, "period='ALL',version='v2'");
    let (_, rows) = table(&csv(&tenant, &token, &url).await);
    assert_eq!(rows.len(), 4);
    for row in &rows {
        let days: u16 = row["Report Period"].parse().unwrap();
        let first = refresh.saturating_sub(jiff::Span::new().days(i64::from(days) - 1));
        for app in UsageApp::ALL
            .into_iter()
            .filter(|app| *app != UsageApp::CopilotAgent)
        {
            let active = truths
                .iter()
                .filter(|truth| truth.app(app).shown.is_some_and(|day| day >= first))
                .count();
            assert_eq!(
                row[&format!("{} Enabled Users", app.name())],
                truths.len().to_string()
            );
            assert_eq!(
                row[&format!("{} Active Users", app.name())],
                active.to_string()
            );
        }
        let prompts: u64 = truths
            .iter()
            .map(|truth| truth.period(days).unwrap().prompts)
            .sum();
        assert_eq!(row["Total prompts submitted"], prompts.to_string());
        let active: f64 = row["Any App Active Users"].parse().unwrap();
        let average: f64 = row["Average prompts submitted"].parse().unwrap();
        assert!((average - prompts as f64 / active).abs() < 0.006);
    }
    let url = report_url("v1.0", TREND, "period='D28',version='v2'");
    let (_, days) = table(&csv(&tenant, &token, &url).await);
    assert_eq!(days.len(), 28);
    assert_eq!(days[0]["Report Date"], refresh.to_string());
    let later = |pair: &[BTreeMap<String, String>]| pair[0]["Report Date"] > pair[1]["Report Date"];
    assert!(days.windows(2).all(later));
    let today = truths
        .iter()
        .filter(|truth| truth.app(UsageApp::AnyApp).shown == Some(refresh))
        .count();
    assert_eq!(days[0]["Any App Active Users"], today.to_string());
    assert_eq!(days[0]["Any App Enabled Users"], truths.len().to_string());
    // Whoever lost the license since is in the trend, not in the detail.
    let prompts: u64 = days
        .iter()
        .map(|day| day["Prompts submitted"].parse::<u64>().unwrap())
        .sum();
    let of_detail: u64 = truths
        .iter()
        .map(|truth| truth.period(28).unwrap().prompts)
        .sum();
    assert!(
        prompts >= of_detail && of_detail > 500,
        "{prompts} {of_detail}"
    );
}

#[tokio::test]
async fn the_report_of_a_day_is_the_same_whenever_it_is_drawn() {
    let (early, hands) = tenant(lively(7));
    let (late, hands_late) = tenant(lively(7));
    let url = report_url("v1.0", DETAIL, "period='ALL',version='v2'");
    for _ in 0..9 {
        let token = token(&early).await;
        csv(&early, &token, &url).await;
        hands.advance(15 * HOUR_MS);
        hands_late.advance(15 * HOUR_MS);
    }
    for url in [url, report_url("v1.0", TREND, "period='ALL',version='v2'")] {
        let step_by_step = csv(&early, &token(&early).await, &url).await;
        let at_once = csv(&late, &token(&late).await, &url).await;
        assert!(step_by_step == at_once);
    }
}

#[tokio::test]
async fn reports_lag_two_to_three_days() {
    let (tenant, hands) = tenant(lively(8));
    let mut lags = BTreeMap::new();
    let mut before = tenant.report_refresh_date(START_MS);
    for _ in 0..400 {
        hands.advance(HOUR_MS);
        let now_ms = tenant.now_ms();
        let refresh = tenant.report_refresh_date(now_ms);
        assert!(refresh >= before);
        before = refresh;
        let today = jiff::Timestamp::from_millisecond(now_ms)
            .unwrap()
            .to_zoned(jiff::tz::TimeZone::UTC)
            .date();
        *lags.entry((today - refresh).get_days()).or_insert(0) += 1;
        assert_eq!(refresh, tenant.report_refresh_date(now_ms));
    }
    assert_eq!(lags.keys().copied().collect::<Vec<_>>(), [2, 3]);
    let token = token(&tenant).await;
    let body = get_json(&tenant, &token, &report_url("beta", DETAIL, "period='D7'")).await;
    assert_eq!(body["value"][0]["reportRefreshDate"], before.to_string());
}

#[tokio::test]
async fn pages_belong_to_one_refresh_date() {
    let (tenant, hands) = tenant(TenantOptions {
        users: 450,
        ..lively(9)
    });
    let token = token(&tenant).await;
    let url = report_url("beta", DETAIL, "period='D7'");
    let page = get_json(&tenant, &token, &url).await;
    assert_eq!(page["value"].as_array().unwrap().len(), 200);
    let link = page["@odata.nextLink"].as_str().unwrap().to_owned();
    hands.advance(100 * HOUR_MS);
    let next = get_json(&tenant, &token, &link).await;
    let first = &page["value"][0]["reportRefreshDate"];
    assert_eq!(&next["value"][0]["reportRefreshDate"], first);
    assert_ne!(
        &get_json(&tenant, &token, &url).await["value"][0]["reportRefreshDate"],
        first
    );
    let forged = link.replace("skiptoken=", "skiptoken=A");
    assert_eq!(
        get(&tenant, &token, &forged).await.status(),
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn downloads_need_no_token_and_refuse_one() {
    let (tenant, hands) = tenant(TenantOptions { ..lively(10) });
    let token = token(&tenant).await;
    let url = report_url("v1.0", DETAIL, "period='D7'");
    let response = get(&tenant, &token, &url).await;
    assert_eq!(response.status(), StatusCode::FOUND);
    let address = response.headers()["location"].to_str().unwrap().to_owned();
    let with_token = get(&tenant, &token, &address).await;
    assert_eq!(with_token.status(), StatusCode::BAD_REQUEST);
    let body = unauthorized(&tenant, &address).await;
    assert_eq!(body.status(), StatusCode::OK);
    let guessed = address.replace("token=", "token=A");
    assert_eq!(
        unauthorized(&tenant, &guessed).await.status(),
        StatusCode::NOT_FOUND
    );
    hands.advance(10 * 60_000);
    assert_eq!(
        unauthorized(&tenant, &address).await.status(),
        StatusCode::FORBIDDEN
    );
    let (at_once, _) = self::tenant(TenantOptions {
        report_delivery: ReportDelivery::AtOnce,
        ..lively(10)
    });
    let token = crate::support::token(&at_once).await;
    let direct = get(&at_once, &token, &url).await;
    assert_eq!(direct.status(), StatusCode::OK);
    assert_eq!(direct.body(), body.body());
}

#[tokio::test(start_paused = true)]
async fn more_than_the_limits_allow_is_refused_with_the_time_to_wait() {
    let begun = Instant::now();
    let clock = Arc::new(move || START_MS + begun.elapsed().as_millis() as i64);
    let options = TenantOptions {
        limits: Limits::default(),
        ..lively(11)
    };
    let tenant = Tenant::new(options, clock).unwrap();
    let token = token(&tenant).await;
    let csv_url = report_url("v1.0", SUMMARY, "period='D7'");
    let json_url = report_url("beta", SUMMARY, "period='D7'");
    for (url, allowed, fine) in [
        (&csv_url, 14, StatusCode::FOUND),
        (&json_url, 100, StatusCode::OK),
    ] {
        for _ in 0..allowed {
            let response = get(&tenant, &token, url).await;
            assert_eq!(response.status(), fine);
        }
        let refused = get(&tenant, &token, url).await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refused.headers()["retry-after"], "600");
    }
    tokio::time::advance(Duration::from_secs(599)).await;
    assert_eq!(
        get(&tenant, &token, &csv_url).await.headers()["retry-after"],
        "1"
    );
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(
        get(&tenant, &token, &csv_url).await.status(),
        StatusCode::FOUND
    );
    let statistics = tenant.statistics();
    assert_eq!(
        (statistics.reports_refused, statistics.answers(429)),
        (3, 3)
    );
    assert_eq!(
        statistics.reports_by_form,
        [("csv", 15), ("json", 100)].into()
    );
    assert_eq!(statistics.requests("user_count_summary"), 118);
}

#[tokio::test]
async fn names_are_concealed_where_the_tenant_says_so() {
    for conceal_names in [false, true] {
        let (tenant, _) = tenant(TenantOptions {
            conceal_names,
            ..lively(12)
        });
        let token = token(&tenant).await;
        let settings = get_json(
            &tenant,
            &token,
            &format!("{GRAPH}/v1.0/admin/reportSettings"),
        )
        .await;
        assert_eq!(settings["displayConcealedNames"], conceal_names);
        let url = report_url("v1.0", DETAIL, "period='ALL'");
        let (_, rows) = table(&csv(&tenant, &token, &url).await);
        let hashed = |text: &str| {
            text.len() == 32
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte))
        };
        for row in &rows {
            assert_eq!(hashed(&row["User Principal Name"]), conceal_names);
            assert_eq!(hashed(&row["Display Name"]), conceal_names);
        }
        let names: std::collections::BTreeSet<&String> =
            rows.iter().map(|row| &row["User Principal Name"]).collect();
        assert_eq!(names.len() * 4, rows.len());
        assert!(table(&csv(&tenant, &token, &url).await).1 == rows);
    }
}

#[tokio::test]
async fn roles_and_arguments_are_checked() {
    let (tenant, _) = tenant(lively(13));
    tenant.grant_roles(vec!["User.Read.All".to_owned()]);
    let poor = token(&tenant).await;
    let report = report_url("beta", SUMMARY, "period='D7'");
    let settings = format!("{GRAPH}/v1.0/admin/reportSettings");
    for url in [&report, &settings] {
        assert_eq!(
            get(&tenant, &poor, url).await.status(),
            StatusCode::FORBIDDEN
        );
    }
    tenant.grant_roles(vec!["Reports.Read.All".to_owned()]);
    let token = token(&tenant).await;
    assert_eq!(get(&tenant, &token, &report).await.status(), StatusCode::OK);
    assert_eq!(
        get(&tenant, &token, &settings).await.status(),
        StatusCode::FORBIDDEN
    );
    let bad = [
        report_url("beta", DETAIL, "period='D28'"),
        report_url("beta", DETAIL, "period='D30',version='v2'"),
        report_url("beta", DETAIL, "version='v2'"),
        report_url("beta", DETAIL, "period='D7',version='v3'"),
        format!("{report}?$format=application/xml"),
        format!("{report}?$top=0"),
        report_url("beta", "getMicrosoft365CopilotUsage", "period='D7'"),
    ];
    for url in bad {
        let response = get(&tenant, &token, &url).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{url}");
        assert!(json(&response)["error"]["message"].is_string());
    }
}

#[tokio::test]
async fn oddities_change_the_form_and_not_the_numbers() {
    let plain = tenant(lively(14)).0;
    let token_plain = token(&plain).await;
    let url = report_url("v1.0", DETAIL, "period='D28',version='v2'");
    let (header, rows) = table(&csv(&plain, &token_plain, &url).await);
    let odd = tenant(TenantOptions {
        report_oddities: vec![
            ReportOddity::AddedColumns,
            ReportOddity::MissingColumn,
            ReportOddity::OtherOrder,
            ReportOddity::StrangeNames,
        ],
        ..lively(14)
    })
    .0;
    let token_odd = token(&odd).await;
    let (odd_header, odd_rows) = table(&csv(&odd, &token_odd, &url).await);
    assert_eq!(odd_header.len(), header.len() + 1);
    assert_eq!(odd_header[0], "Favorite Color");
    assert_eq!(odd_header.last().unwrap(), "Report Refresh Date");
    assert!(
        odd_rows
            .iter()
            .any(|row| !row["Whiteboard Copilot Last Activity Date"].is_empty())
    );
    let mut strange = 0;
    for (row, odd_row) in rows.iter().zip(&odd_rows) {
        for name in header.iter().filter(|name| {
            !["Loop Copilot Last Activity Date", "Display Name"].contains(&name.as_str())
        }) {
            assert_eq!(row[name], odd_row[name]);
        }
        assert!(!odd_row.contains_key("Loop Copilot Last Activity Date"));
        strange += usize::from(
            odd_row["Display Name"]
                == format!("{}, \"the Great\"\r\nof elsewhere", row["Display Name"]),
        );
    }
    assert!((20..60).contains(&strange), "{strange}");
    let beta = report_url("beta", DETAIL, "period='D28',version='v2'");
    assert!(folded_rows(&odd_rows) == flat(&entries(&odd, &token_odd, &beta).await));

    let bare = tenant(TenantOptions {
        report_oddities: vec![
            ReportOddity::NoMark,
            ReportOddity::LineFeeds,
            ReportOddity::NullDates,
        ],
        ..lively(14)
    })
    .0;
    let token_bare = token(&bare).await;
    let text = csv(&bare, &token_bare, &url).await;
    assert!(!text.contains('\r') && text.starts_with("Report Refresh Date"));
    assert!(table(&format!("\u{feff}{}", text.replace('\n', "\r\n"))).1 == rows);
    let page = get_json(&bare, &token_bare, &beta).await;
    let mut dates = page["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["loopCopilotLastActivityDate"]);
    assert!(dates.any(Value::is_null));
}

#[tokio::test]
async fn insights_count_only_if_somebody_viewed_them() {
    let prompts = |viewed_share: f64| {
        let (tenant, _) = tenant(TenantOptions {
            viewed_share,
            ..lively(15)
        });
        let truths: Vec<TrueUsage> = tenant.usage_truth(tenant.now_ms()).collect();
        let unviewed = truths
            .iter()
            .any(|truth| truth.app(UsageApp::Word).until_refresh.unviewed.is_some());
        let viewed = truths
            .iter()
            .any(|truth| truth.app(UsageApp::Word).until_refresh.viewed.is_some());
        let prompts: u64 = truths
            .iter()
            .map(|truth| truth.period(28).unwrap().prompts)
            .sum();
        let typed: u64 = truths
            .iter()
            .map(|truth| truth.period(28).unwrap().typed_prompts)
            .sum();
        (prompts, typed, viewed, unviewed)
    };
    let (none, some, all) = (prompts(0.0), prompts(0.5), prompts(1.0));
    assert!(none.0 < some.0 && some.0 < all.0);
    assert!(none.1 == some.1 && some.1 == all.1 && none.1 > 500);
    assert_eq!((none.2, none.3), (false, true));
    assert_eq!((some.2, some.3), (true, true));
    assert_eq!((all.2, all.3), (true, false));
}

/// The days of each kind of row in the truth of items, which knows nothing of reports.
#[tokio::test]
async fn the_truth_of_usage_is_that_of_the_items() {
    let (tenant, _) = tenant(lively(16));
    let now_ms = tenant.now_ms();
    let mut reasons: BTreeMap<TrueReason, usize> = BTreeMap::new();
    for truth in tenant.usage_truth(now_ms) {
        let items = tenant.truth_of(truth.index);
        let class = |app: UsageApp| match app {
            UsageApp::MicrosoftTeams => "Teams".to_owned(),
            UsageApp::CopilotChatWork => "BizChat".to_owned(),
            UsageApp::CopilotChatWeb => "WebChat".to_owned(),
            app => app.name().to_owned(),
        };
        let own = UsageApp::ALL.into_iter().filter(|app| {
            app.in_history() && !matches!(app, UsageApp::AnyApp | UsageApp::CopilotChat)
        });
        for app in own.clone() {
            let suffix = format!(".Copilot.{}", class(app));
            let last = |maker: hobbs_tenant::Maker| {
                let mut days = BTreeMap::new();
                for item in items
                    .iter()
                    .filter(|item| item.app_class.ends_with(&suffix) && item.maker == maker)
                {
                    let day = jiff::Timestamp::from_millisecond(item.created_at_ms)
                        .unwrap()
                        .to_zoned(jiff::tz::TimeZone::UTC)
                        .date();
                    let asked = item.interaction_type == "userPrompt";
                    let known = days.entry(item.exchange.clone()).or_insert(day);
                    if asked {
                        *known = day;
                    }
                }
                days.into_values().max()
            };
            let until_now = truth.app(app).until_now;
            assert_eq!(until_now.typed, last(hobbs_tenant::Maker::Typed));
            assert_eq!(until_now.clicked, last(hobbs_tenant::Maker::Clicked));
            assert_eq!(
                until_now.viewed.max(until_now.unviewed),
                last(hobbs_tenant::Maker::Automatic)
            );
            let any = truth.app(UsageApp::AnyApp);
            assert!(any.shown >= truth.app(app).shown);
            assert!(any.until_now.typed >= until_now.typed);
        }
        for app in own.chain([UsageApp::AnyApp]) {
            *reasons.entry(truth.reason(app).unwrap()).or_default() += 1;
            *reasons
                .entry(truth.reason_at_refresh(app).unwrap())
                .or_default() += 1;
        }
        assert_eq!(truth.reason(UsageApp::Edge), None);
        assert_eq!(truth.access, tenant.access_at(truth.index, now_ms));
        let barred_now = truth
            .barred
            .last()
            .is_some_and(|span| span.until_ms.is_none());
        assert_eq!(barred_now, truth.access != Access::Readable);
        for span in &truth.barred {
            if let Some(from_ms) = span.from_ms {
                assert_eq!(tenant.access_at(truth.index, from_ms), span.access);
                assert_ne!(tenant.access_at(truth.index, from_ms - 1), span.access);
            }
            if let Some(until_ms) = span.until_ms {
                assert_ne!(tenant.access_at(truth.index, until_ms), span.access);
            }
        }
    }
    assert_eq!(reasons.len(), 6, "{reasons:?}");
}

#[tokio::test]
async fn a_license_taken_away_leaves_the_report_when_the_report_gets_there() {
    let (tenant, hands) = tenant(TenantOptions {
        users: 30,
        token_lifetime_s: 30 * 86_400,
        limits: Limits::off(),
        ..TenantOptions::seeded(17)
    });
    let token = token(&tenant).await;
    let user = tenant
        .usage_truth(START_MS)
        .find(|truth| truth.access == Access::Readable)
        .unwrap();
    tenant.remove_license(user.index);
    let url = report_url("v1.0", DETAIL, "period='D7'");
    let mut listed = Vec::new();
    for _ in 0..6 {
        let (_, rows) = table(&csv(&tenant, &token, &url).await);
        let now = rows
            .iter()
            .any(|row| row["User Principal Name"] == user.user_principal_name);
        let truth = tenant.usage_truth_of(user.index, tenant.now_ms());
        assert_eq!(truth.reported, now);
        assert_eq!(truth.access, Access::LicenseRemoved);
        assert_eq!(
            truth.reason(UsageApp::Word) == Some(TrueReason::LicenseMissing),
            !now
        );
        listed.push(now);
        hands.advance(24 * HOUR_MS);
    }
    assert_eq!(listed, [true, true, listed[2], false, false, false]);
}

#[tokio::test]
async fn an_answer_cut_off_is_read_again() {
    use hobbs_tenant::{Answer, Fault, Faults};
    let (tenant, _) = tenant(TenantOptions {
        faults: Faults::none().with(Fault::CutBody, 0.5),
        report_delivery: ReportDelivery::AtOnce,
        ..lively(18)
    });
    let token = token(&tenant).await;
    let url = report_url("v1.0", DETAIL, "period='D7'");
    let mut lengths = Vec::new();
    for _ in 0..20 {
        match try_get(&tenant, &token, &url).await {
            Answer::Whole(response) => lengths.push(response.body().len()),
            Answer::Cut {
                response,
                keep_bytes,
            } => assert!(keep_bytes < response.body().len()),
            other => panic!("{other:?}"),
        }
    }
    assert!((1..20).contains(&lengths.len()));
    assert!(lengths.windows(2).all(|pair| pair[0] == pair[1]));
}
