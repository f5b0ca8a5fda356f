//! Microsoft's usage report as CSV, from its bytes to rows.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use criterion::Criterion;
use hobbs_benches::{Bench, Dice, run};
use hobbs_graph::{
    Client, Cloud, Credential, Endpoints, Format, Period, ReportVersion, Transport, TransportError,
};

const USERS: usize = 10_000;

fn main() {
    run(&[user_detail]);
}

/// Answers every request for a report with the same one.
struct Reports(Bytes);

#[async_trait]
impl Transport for Reports {
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let is_report = request.uri().path().contains("/reports/");
        let token = Bytes::from_static(br#"{"access_token":"t","expires_in":3600}"#);
        Ok(http::Response::new(if is_report {
            self.0.clone()
        } else {
            token
        }))
    }
}

/// The floor reads the same bytes with the csv crate, record by record. The whole reads them through a client: sign-in,
/// request and pace cost the same for 10,000 users as for one.
fn user_detail(criterion: &mut Criterion) -> Vec<String> {
    let report = Bytes::from(report());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    let runtime = runtime.unwrap_or_else(|error| panic!("{error}"));
    Bench::new(criterion, "usage report", USERS, "row")
        .measure("floor: csv, byte records", || {
            let mut lines = csv::Reader::from_reader(&*report);
            let mut cells = csv::ByteRecord::new();
            let mut count = 0;
            while lines.read_byte_record(&mut cells).unwrap_or(false) {
                count += cells.len();
            }
            count
        })
        .measure("Client::user_detail_by_row", || {
            let client = client(Arc::new(Reports(report.clone())));
            let period = Period::all(ReportVersion::V2);
            let mut count = 0;
            let read = client.user_detail_by_row(period, Format::Csv, |_| count += 1);
            assert!(runtime.block_on(read).is_ok() && count == USERS);
        })
        .lines()
}

fn client(transport: Arc<dyn Transport>) -> Client {
    let credential = Credential::ClientSecret {
        client_id: "app".to_owned(),
        secret: "secret".to_owned().into(),
    };
    let built = Client::builder("tenant", credential)
        .endpoints(Endpoints::of(Cloud::Global))
        .transport(transport)
        .build();
    built.unwrap_or_else(|error| panic!("{error}"))
}

/// As Microsoft writes it, in version 1: a day for each app that a user ever used.
fn report() -> String {
    const DAYS: [&str; 9] = [
        "Last Activity Date",
        "Copilot Chat Last Activity Date",
        "Microsoft Teams Copilot Last Activity Date",
        "Word Copilot Last Activity Date",
        "Excel Copilot Last Activity Date",
        "PowerPoint Copilot Last Activity Date",
        "Outlook Copilot Last Activity Date",
        "OneNote Copilot Last Activity Date",
        "Loop Copilot Last Activity Date",
    ];
    let mut dice = Dice(7);
    let mut text = format!(
        "\u{feff}Report Refresh Date,User Principal Name,Display Name,{},Report Period\r\n",
        DAYS.join(",")
    );
    for user in 0..USERS {
        text.push_str(&format!(
            "2026-11-20,user{user:05}@contoso.com,\"Surname, Name {user}\""
        ));
        for _ in DAYS {
            text.push(',');
            if dice.below(3) > 0 {
                text.push_str(&format!("2026-11-{:02}", 1 + dice.below(20)));
            }
        }
        text.push_str(",180\r\n");
    }
    text
}
