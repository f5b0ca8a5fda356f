//! Microsoft's usage reports against the truth of who did what.

use std::collections::BTreeMap;

use hobbs_tenant::{
    Access, Corpus, Limits, TenantOptions, TrueReason, TrueUsage, UsageApp, Volume,
};

use crate::report_reader::{
    DETAIL, SUMMARY, TREND, V1, V2, csv, lively, report_url, table, tenant,
};
use crate::support::{HOUR_MS, START_MS, get_json, token};

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

fn shown(truth: &TrueUsage, app: UsageApp) -> String {
    let shown = truth.app(app).shown;
    shown.map_or(String::new(), |day| day.to_string())
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
