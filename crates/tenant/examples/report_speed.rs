//! What a new refresh date of the usage reports costs for a large tenant:
//! `cargo run --release -p hobbs-tenant --example report_speed -- [DAYS]`.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that prints some lines"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use bytes::Bytes;
use hobbs_tenant::{Answer, ReportDelivery, Tenant, TenantOptions, Turnover};
use http::Request;

const USERS: u32 = 200_000;
const START_MS: i64 = 1_780_498_800_000;
const DAY_MS: i64 = 86_400_000;

fn main() {
    let days = std::env::args()
        .nth(1)
        .map_or(28, |days| days.parse().unwrap());
    let now = Arc::new(AtomicI64::new(START_MS));
    let clock = Arc::clone(&now);
    let options = TenantOptions {
        users: USERS,
        days_of_history: days,
        active_share: Some(0.2),
        turnover: Turnover::lively(),
        report_delivery: ReportDelivery::AtOnce,
        token_lifetime_s: 10 * 86_400,
        ..TenantOptions::seeded(1)
    };
    let options = options.everyone_licensed().unthrottled();
    let clock = Arc::new(move || clock.load(Ordering::Relaxed));
    let tenant = Tenant::new(options, clock).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let token = runtime.block_on(token(&tenant));
    for day in 0..3 {
        now.store(START_MS + day * DAY_MS, Ordering::Relaxed);
        let refresh = tenant.report_refresh_date(tenant.now_ms());
        println!("{days} days of history, refresh date {refresh}:");
        for report in [
            "getMicrosoft365CopilotUsageUserDetail(period='D28',version='v2')",
            "getMicrosoft365CopilotUserCountSummary(period='ALL',version='v2')",
            "getMicrosoft365CopilotUserCountTrend(period='ALL',version='v2')",
        ] {
            let (wall, cpu) = (Instant::now(), cpu_s());
            let bytes = runtime.block_on(get(&tenant, &token, report));
            println!(
                "  {report}: {bytes} bytes, {:.2} s, {:.2} s of CPU",
                wall.elapsed().as_secs_f64(),
                cpu_s() - cpu
            );
        }
    }
}

/// Processor time of this process, in seconds.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    ticks / 100.0
}

async fn get(tenant: &Tenant, token: &str, report: &str) -> usize {
    let url = format!("https://graph.microsoft.com/v1.0/copilot/reports/{report}");
    let request = Request::get(url).header("authorization", format!("Bearer {token}"));
    let answer = tenant.answer(request.body(Bytes::new()).unwrap()).await;
    let Answer::Whole(response) = answer else {
        panic!("the report did not come whole");
    };
    assert_eq!(response.status(), 200, "{:?}", response.body());
    response.body().len()
}

async fn token(tenant: &Tenant) -> String {
    let options = tenant.options();
    let body = format!(
        "grant_type=client_credentials&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&client_id={}&client_secret={}",
        options.client_id,
        options.secret.as_deref().unwrap()
    );
    let url = format!(
        "https://login.microsoftonline.com/{}/oauth2/v2.0/token",
        options.tenant_id
    );
    let request = Request::post(url).body(Bytes::from(body)).unwrap();
    let Answer::Whole(response) = tenant.answer(request).await else {
        panic!("no token");
    };
    let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    body["access_token"].as_str().unwrap().to_owned()
}
