//! How fast pages are drawn and written, in process and over HTTP on loopback:
//! `cargo run --release -p hobbs-tenant --example page_speed`.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that prints two lines"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hobbs_tenant::{Answer, Tenant, TenantOptions, Volume, server};
use http::Request;

const USERS: u32 = 200;
const ROWS_EACH: u64 = 1_000;

fn main() {
    runtime().block_on(in_process());
    runtime().block_on(over_http());
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

fn tenant() -> Arc<Tenant> {
    let options = TenantOptions {
        users: USERS,
        volume: Volume::Exactly(ROWS_EACH),
        ..TenantOptions::seeded(1)
    };
    let options = options.everyone_licensed().unthrottled().frozen();
    Arc::new(Tenant::on_system_clock(options).unwrap())
}

fn first_page(tenant: &Tenant, base: &str, index: u32) -> String {
    let id = tenant.user_facts(index).id;
    format!(
        "{base}/v1.0/copilot/users/{id}/interactionHistory/getAllEnterpriseInteractions?$top=100"
    )
}

/// The link stands at the end of a page; reading the rest is not what is measured.
fn next_link(body: &[u8]) -> Option<String> {
    let tail = String::from_utf8_lossy(&body[body.len().saturating_sub(600)..]);
    let (_, link) = tail.rsplit_once("\"@odata.nextLink\":\"")?;
    Some(link.trim_end_matches("\"}").to_owned())
}

fn report(what: &str, tenant: &Tenant, bytes: u64, spent: Duration) {
    let items = tenant.statistics().items_served;
    let seconds = spent.as_secs_f64();
    println!(
        "{what}: {items} items of {:.0} bytes, {:.0} items/s, {:.0} MB/s",
        bytes as f64 / items as f64,
        items as f64 / seconds,
        bytes as f64 / seconds / 1e6,
    );
}

async fn in_process() {
    let tenant = tenant();
    let token = token(&tenant).await;
    let begun = Instant::now();
    let mut bytes = 0;
    for index in 0..USERS {
        let mut next = Some(first_page(&tenant, "https://graph.microsoft.com", index));
        while let Some(url) = next {
            let request = Request::get(url).header("authorization", format!("Bearer {token}"));
            let Answer::Whole(response) = tenant.answer(request.body(Bytes::new()).unwrap()).await
            else {
                panic!("not whole")
            };
            bytes += response.body().len() as u64;
            next = next_link(response.body());
        }
    }
    report("in process, one core", &tenant, bytes, begun.elapsed());
}

/// The server on a thread of its own, and a client that throws away what it reads.
async fn over_http() {
    let tenant = tenant();
    let token = token(&tenant).await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let served = Arc::clone(&tenant);
    std::thread::spawn(move || {
        runtime().block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            server::serve(served, listener).await
        })
    });
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let begun = Instant::now();
    let mut readers = Vec::new();
    for lane in 0..8 {
        let (client, token, tenant, base) = (
            client.clone(),
            token.clone(),
            Arc::clone(&tenant),
            base.clone(),
        );
        readers.push(tokio::spawn(async move {
            let mut bytes = 0u64;
            for index in (lane..USERS).step_by(8) {
                let mut next = Some(first_page(&tenant, &base, index));
                while let Some(url) = next {
                    let response = client.get(url).bearer_auth(&token).send().await.unwrap();
                    let body = response.bytes().await.unwrap();
                    bytes += body.len() as u64;
                    next = next_link(&body);
                }
            }
            bytes
        }));
    }
    let mut bytes = 0;
    for reader in readers {
        bytes += reader.await.unwrap();
    }
    report(
        "over HTTP, a core for the server",
        &tenant,
        bytes,
        begun.elapsed(),
    );
}

async fn token(tenant: &Tenant) -> String {
    let options = tenant.options();
    let form = format!(
        "client_id={}&client_secret={}&grant_type=client_credentials&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default",
        options.client_id,
        options.secret.clone().unwrap()
    );
    let url = format!(
        "https://login.microsoftonline.com/{}/oauth2/v2.0/token",
        options.tenant_id
    );
    let request = Request::post(url).body(Bytes::from(form)).unwrap();
    let Answer::Whole(response) = tenant.answer(request).await else {
        panic!("no token")
    };
    let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    body["access_token"].as_str().unwrap().to_owned()
}
