//! Microsoft's usage reports as a client gets them: forms, pages, downloads, limits, names.

use std::sync::Arc;
use std::time::Duration;

use hobbs_tenant::{Limits, ReportDelivery, ReportOddity, Tenant, TenantOptions};
use http::StatusCode;
use serde_json::Value;
use tokio::time::Instant;

use crate::report_reader::{
    DETAIL, SUMMARY, TREND, V1, V2, csv, entries, flat, folded_rows, lively, report_url, table,
    tenant, unauthorized,
};
use crate::support::{GRAPH, HOUR_MS, START_MS, get, get_json, json, token, try_get};

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
        for truth in tenant.usage_truth(START_MS).filter(|truth| truth.reported) {
            let name = if conceal_names {
                truth.concealed_name
            } else {
                truth.user_principal_name
            };
            assert!(rows.iter().any(|row| row["User Principal Name"] == name));
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

/// The days of each kind of row in the truth of items, which knows nothing of reports.
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
