//! Microsoft's usage reports, as CSV and as JSON.
#![no_main]

use std::sync::Arc;

use hobbs_fuzz::service::{Answer, Service, bodies, talk};
use hobbs_graph::usage_reports::{Report, ReportFacts};
use hobbs_graph::{Format, Period, ReadError, ReportVersion, Span};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let bodies = bodies(input);
    let period = Period::new(ReportVersion::V2, Span::Days(28)).expect("a period");
    for format in [Format::Csv, Format::Json] {
        let ask = |which: usize| {
            let answers = bodies.iter().map(|body| Answer::good(body)).collect();
            let service = Arc::new(Service::answering(answers));
            let facts = talk(&service, async |client| match which {
                0 => checked(client.user_detail(period, format).await, |row| {
                    assert_eq!(row.user_principal_name.trim(), row.user_principal_name);
                    assert!(!row.user_principal_name.is_empty());
                    let counts = [
                        row.prompts_submitted,
                        row.prompts_submitted_copilot_chat_work,
                        row.prompts_submitted_copilot_chat_web,
                        row.active_usage_days,
                    ];
                    assert!(counts.into_iter().flatten().all(|count| count >= 0));
                    row.refresh_date
                }),
                1 => checked(client.user_count_summary(period, format).await, |row| {
                    assert!(row.average_prompts.is_none_or(f64::is_finite));
                    row.refresh_date
                }),
                _ => checked(client.user_count_trend(period, format).await, |row| {
                    row.refresh_date
                }),
            });
            (facts, service.requests().len())
        };
        for which in 0..3 {
            let (facts, asked) = ask(which);
            if let (Format::Csv, Some(facts)) = (format, facts) {
                assert_eq!(rows_in(bodies[asked - 1]), kept_and_unkept(&facts));
            }
        }
    }
});

fn checked<R>(
    report: Result<Report<R>, ReadError>,
    refresh_date: impl Fn(&R) -> Option<jiff::civil::Date>,
) -> Option<ReportFacts> {
    let report = report.ok()?;
    assert_eq!(report.facts.kept, report.rows.len() as u64);
    for row in &report.rows {
        assert!(refresh_date(row) <= report.facts.refresh_date);
    }
    Some(report.facts)
}

fn kept_and_unkept(facts: &ReportFacts) -> u64 {
    facts.kept + facts.unkept.values().sum::<u64>()
}

/// The lines of a CSV below its first.
fn rows_in(body: &[u8]) -> u64 {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(body);
    reader.byte_records().count() as u64
}
