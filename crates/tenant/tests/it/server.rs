//! The same over real HTTP.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use hobbs_tenant::{Fault, Faults, Tenant, TenantOptions, Volume, server};
use serde_json::Value;

use crate::support::small;

struct Running {
    tenant: Arc<Tenant>,
    base: String,
    client: reqwest::Client,
}

async fn run(options: TenantOptions) -> Running {
    let tenant = Arc::new(Tenant::on_system_clock(options).unwrap());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(server::serve(Arc::clone(&tenant), listener));
    Running {
        tenant,
        base,
        client: reqwest::Client::builder().no_proxy().build().unwrap(),
    }
}

impl Running {
    async fn token(&self) -> String {
        let options = self.tenant.options();
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("client_id", options.client_id.as_str()),
                ("client_secret", options.secret.as_deref().unwrap()),
                ("grant_type", "client_credentials"),
                ("scope", "https://graph.microsoft.com/.default"),
            ])
            .finish();
        let url = format!("{}/{}/oauth2/v2.0/token", self.base, options.tenant_id);
        let response = self.client.post(url).body(form).send().await.unwrap();
        let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        body["access_token"].as_str().unwrap().to_owned()
    }

    fn first_page(&self) -> String {
        let id = self.tenant.user_facts(0).id;
        format!(
            "{}/v1.0/copilot/users/{id}/interactionHistory/getAllEnterpriseInteractions?$top=100",
            self.base
        )
    }

    async fn get(&self, token: &str, url: &str) -> Result<(u16, Vec<u8>), reqwest::Error> {
        let response = self
            .client
            .get(url)
            .bearer_auth(token)
            .timeout(Duration::from_secs(5))
            .send()
            .await?;
        let status = response.status().as_u16();
        Ok((status, response.bytes().await?.to_vec()))
    }
}

#[tokio::test]
async fn a_history_is_read_through_its_links() {
    let running = run(TenantOptions {
        volume: Volume::Exactly(730),
        ..small().frozen()
    })
    .await;
    let token = running.token().await;
    let mut next = Some(running.first_page());
    let mut keys = HashSet::new();
    while let Some(url) = next {
        assert!(url.starts_with(&running.base), "{url}");
        let (status, body) = running.get(&token, &url).await.unwrap();
        assert_eq!(status, 200);
        let page: Value = serde_json::from_slice(&body).unwrap();
        keys.extend(
            page["value"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| format!("{}{}", item["sessionId"], item["id"])),
        );
        next = page["@odata.nextLink"].as_str().map(str::to_owned);
    }
    assert_eq!(keys.len(), 730);
}

#[tokio::test]
async fn connections_break_where_they_should() {
    for fault in [Fault::CutBody, Fault::Reset] {
        let running = run(TenantOptions {
            faults: Faults::none().with(fault, 1.0),
            ..small()
        })
        .await;
        let token = running.token().await;
        let error = running
            .get(&token, &running.first_page())
            .await
            .unwrap_err();
        assert!(!error.is_timeout(), "{fault:?}: {error:?}");
        let reached_body = error.is_body() || error.is_decode();
        assert_eq!(
            reached_body,
            fault == Fault::CutBody,
            "{fault:?}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_hanging_request_says_nothing() {
    let running = run(TenantOptions {
        faults: Faults::none().with(Fault::Hang, 1.0),
        ..small()
    })
    .await;
    let token = running.token().await;
    let request = running
        .client
        .get(running.first_page())
        .bearer_auth(&token)
        .timeout(Duration::from_millis(300));
    assert!(request.send().await.unwrap_err().is_timeout());
}

#[tokio::test]
async fn a_report_is_downloaded_without_the_token() {
    let running = run(TenantOptions {
        days_of_history: 20,
        volume: Volume::Monthly(300.0),
        ..small()
    })
    .await;
    let token = running.token().await;
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let reports = format!("{}/v1.0/copilot/reports", running.base);
    let url = format!("{reports}/getMicrosoft365CopilotUsageUserDetail(period='ALL',version='v2')");
    let response = client.get(&url).bearer_auth(&token).send().await.unwrap();
    assert_eq!(response.status(), 302);
    let address = response.headers()["location"].to_str().unwrap().to_owned();
    assert!(address.starts_with(&running.base), "{address}");
    let refused = client
        .get(&address)
        .bearer_auth(&token)
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 400);
    let response = client.get(&address).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let csv = response.bytes().await.unwrap();
    let text = std::str::from_utf8(&csv).unwrap();
    assert!(text.starts_with("\u{feff}Report Refresh Date,"));
    assert_eq!(text.lines().count(), 1 + 4 * 30);

    let mut next = Some(format!("{}?$format=application/json&$top=7", url));
    let mut users = 0;
    while let Some(url) = next {
        let (status, body) = running.get(&token, &url).await.unwrap();
        assert_eq!(status, 200);
        let page: Value = serde_json::from_slice(&body).unwrap();
        for entry in page["value"].as_array().unwrap() {
            users += 1;
            for period in entry["copilotActivityUserDetailsByPeriod"]
                .as_array()
                .unwrap()
            {
                let line = format!(
                    "{},{},{}",
                    entry["reportRefreshDate"].as_str().unwrap(),
                    entry["userPrincipalName"].as_str().unwrap(),
                    entry["displayName"].as_str().unwrap(),
                );
                let counts = format!(
                    ",{},{},{},{},{},",
                    period["reportPeriod"],
                    period["promptsSubmitted"],
                    period["promptsSubmittedForCopilotChatWork"],
                    period["promptsSubmittedForCopilotChatWeb"],
                    period["activeUsageDays"],
                );
                assert!(
                    text.lines()
                        .any(|row| row.starts_with(&line) && row.contains(&counts)),
                    "{line} {counts}"
                );
            }
        }
        next = page["@odata.nextLink"].as_str().map(str::to_owned);
    }
    assert_eq!(users, 30);
    let detail = running.tenant.usage_truth(running.tenant.now_ms());
    assert!(
        detail
            .into_iter()
            .any(|truth| truth.period(180).unwrap().prompts > 50)
    );
}
