//! Figures by verdict, got by the metrics.

use hobbs_report::workbook::{self, SHEET_ROWS_MAX};
use hobbs_report::{Derived, ReportRow, Scope, Style, Summary, html, summarize, table};
use std::sync::Arc;

use calamine::{Data, Reader, Xlsx, open_workbook};
use serde_json::json;

use crate::memory::Memory;
use crate::{now, population, prompt, response};

fn report(memory: &Memory, scope: &Scope) -> Summary {
    futures::executor::block_on(summarize(memory, scope, now())).unwrap()
}

fn derived(mut memory: Memory) -> Memory {
    memory.derived = Derived::All;
    memory
}

/// Adele types, clicks and has something made for her; Boris never asked for what he has; Chen has
/// nothing.
fn three_users() -> Memory {
    let of = |user: &str, mut row: ReportRow| {
        row.user_id = user.to_owned();
        row.user_principal_name = Some(format!("{user}@contoso.com"));
        row
    };
    let automatic = |mut row: ReportRow| {
        row.mark = Some("auto_generated".into());
        row
    };
    let excel = |mut row: ReportRow| {
        row.app = "Excel".into();
        row
    };
    let mut memory = Memory::of(vec![
        of("adele", prompt(0, "a")),
        of("adele", response(4, "a")),
        of("adele", excel(prompt(60, "b"))),
        of("adele", excel(response(61, "b"))),
        of("adele", automatic(response(800_000, "c"))),
        of("boris", automatic(prompt(90, "d"))),
        of("boris", automatic(response(91, "d"))),
        of("boris", automatic(response(95, "e"))),
    ]);
    memory.people = ["adele", "boris", "chen"]
        .map(|user| {
            json!({
                "user_id": user, "user_principal_name": format!("{user}@contoso.com"),
                "department": if user == "boris" { "Legal" } else { "Finance" },
                "licensed": true, "state": "present",
            })
        })
        .to_vec();
    memory.whole = ["adele", "boris", "chen"]
        .map(|user| json!({"user_id": user, "from_ms": 0, "to_ms": 1_795_348_800_000_i64}))
        .to_vec();
    derived(memory)
}

#[test]
fn json_of_the_verdicts() {
    insta::assert_json_snapshot!(report(&three_users(), &Scope::default()).verdicts);
}

#[test]
fn the_table_begins_with_them() {
    let text = table::render(&report(&three_users(), &Scope::default()), Style::default());
    insta::assert_snapshot!(text);
}

/// Of exchanges where these are what the columns count: in the table, on the page and in the workbook.
#[test]
fn a_share_is_of_the_same_everywhere() {
    let (memory, scope) = (three_users(), Scope::default());
    let summary = report(&memory, &scope);
    let text = table::render(&summary, Style::default());
    let page = html::render(&summary).unwrap();
    for (app, share) in [("Word", "80.00%"), ("Excel", "20.00%")] {
        let line = text.lines().find(|line| line.trim_start().starts_with(app));
        assert!(line.unwrap().ends_with(share), "{text}");
        assert!(
            page.contains(&format!("<td class=\"n\">{share}</td>")),
            "{app}"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.xlsx");
    let written = workbook::write(&memory, &scope, Arc::new(summary), &path);
    futures::executor::block_on(written).unwrap();
    let mut book: Xlsx<_> = open_workbook(&path).unwrap();
    let rows = book.worksheet_range("Summary").unwrap();
    let head = rows
        .rows()
        .find(|row| row.contains(&Data::String("Of exchanges".into())));
    let at = head
        .unwrap()
        .iter()
        .position(|cell| *cell == Data::String("Of exchanges".into()));
    let word = rows
        .rows()
        .find(|row| row[0] == Data::String("Word".into()))
        .unwrap();
    assert_eq!(word[at.unwrap()], Data::Float(0.8));
    for shown in [&text, &page] {
        assert!(shown.contains("Of exchanges") && !shown.contains("Share"));
    }
}

#[test]
fn who_never_typed_is_active_for_microsoft_only() {
    let memory = three_users();
    let summary = report(&memory, &Scope::default());
    let sentence =
        "1 of the 2 users whom Microsoft would call active (50.00%) did nothing by their own will";

    let page = html::render(&summary).unwrap();
    assert!(page.contains(sentence));
    let boris = page.split("<tr><td>boris@contoso.com").nth(1).unwrap();
    let boris = boris.split("</tr>").next().unwrap();
    assert!(boris.contains("only Microsoft&#39;s way"), "{boris}");

    let text = table::render(&summary, Style::default()).replace('\n', " ");
    assert!(text.contains(sentence), "{text}");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.xlsx");
    let (scope, summary) = (Scope::default(), Arc::new(summary));
    let writing = workbook::write_with(&memory, &scope, summary, &path, SHEET_ROWS_MAX);
    futures::executor::block_on(writing).unwrap();
    let mut book: Xlsx<_> = open_workbook(&path).unwrap();
    assert_eq!(
        book.sheet_names(),
        [
            "Summary",
            "Patterns",
            "Conversations",
            "Interactions",
            "People",
            "Coverage"
        ]
    );
    let text = |range: &calamine::Range<Data>| {
        let rows = range.rows().map(|row| {
            row.iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("|")
        });
        rows.collect::<Vec<_>>()
    };
    let summary_sheet = text(&book.worksheet_range("Summary").unwrap());
    assert!(
        summary_sheet.iter().any(|line| line.starts_with(sentence)),
        "{summary_sheet:?}"
    );
    let people = text(&book.worksheet_range("People").unwrap());
    // typed, clicked, automatic, system, noise, unknown; active; days active and asking.
    let line = |user: &str| people.iter().find(|line| line.starts_with(user)).unwrap();
    assert!(
        line("adele").contains("|present|1|1|1|0|0|0|by own will|2|1|"),
        "{people:?}"
    );
    assert!(
        line("boris").contains("|present|0|0|2|0|0|0|only Microsoft's way|1|0|"),
        "{people:?}"
    );
    assert!(
        line("chen").contains("|present|0|0|0|0|0|0|no|0|0|"),
        "{people:?}"
    );
}

#[test]
fn a_lake_without_exchanges_reports_without_them() {
    let mut memory = three_users();
    memory.derived = Derived::Nothing;
    let summary = report(&memory, &Scope::default());
    assert_eq!(summary.verdicts, None);
    assert_eq!(summary.rows.counts.total, 8);
    let text = table::render(&summary, Style::default()).replace('\n', " ");
    assert!(text.contains("This lake holds no verdicts yet"), "{text}");
}

#[test]
fn interactions_that_are_not_judged_yet_are_counted() {
    let mut memory = derived(three_users());
    let summary = report(&memory, &Scope::default());
    let text = table::render(&summary, Style::default());
    assert!(!text.contains("not judged yet"), "{text}");

    memory.derived = Derived::AllBut {
        interactions: 1_234,
        after: 7,
    };
    let summary = report(&memory, &Scope::default());
    assert_eq!(summary.verdicts.as_ref().unwrap().not_judged, 1_234);
    let words = "1,234 interactions of this lake are not judged yet";
    let text = table::render(&summary, Style::default()).replace('\n', " ");
    assert!(text.contains(words), "{text}");
    assert!(html::render(&summary).unwrap().contains(words));
}

#[test]
fn verdicts_add_up() {
    let memory = derived(population::source(6_000, 60, 0));
    let summary = report(&memory, &Scope::default());
    let verdicts = summary.verdicts.unwrap();
    let all = verdicts.headline.exchanges;
    assert_eq!(all.total(), 3_000);
    assert_eq!(verdicts.headline.interactions, summary.rows.counts.total);
    let by = |totals: Vec<u64>| assert_eq!(totals.iter().sum::<u64>(), all.total());
    by(verdicts
        .weeks
        .iter()
        .map(|week| week.exchanges.total())
        .collect());
    by(verdicts
        .days
        .iter()
        .map(|day| day.exchanges.total())
        .collect());
    by(verdicts
        .apps
        .iter()
        .map(|app| app.exchanges.total())
        .collect());
    by(verdicts
        .users
        .iter()
        .map(|user| user.exchanges.total())
        .collect());
    by(verdicts.hours.iter().map(|hour| hour.exchanges).collect());
    let tiers: u64 = verdicts.tiers.iter().map(|tier| tier.users).sum();
    assert_eq!(tiers, verdicts.headline.users_any);
    for cohort in &verdicts.retention {
        assert_eq!(cohort.returned[0], cohort.users);
        assert!(
            cohort
                .returned
                .iter()
                .all(|returned| *returned <= cohort.users)
        );
    }
    let asked = |user: &&hobbs_report::verdicts::UserVerdicts| user.exchanges.asked() > 0;
    assert_eq!(
        verdicts.users.iter().filter(asked).count() as u64,
        verdicts.headline.users_asked
    );
}

/// Records what is asked.
struct Heard<'a>(&'a Memory, std::sync::Mutex<Vec<String>>);

#[async_trait::async_trait]
impl hobbs_report::Source for Heard<'_> {
    async fn select(
        &self,
        sql: &str,
    ) -> Result<Vec<serde_json::Map<String, serde_json::Value>>, hobbs_report::SourceError> {
        self.1.lock().unwrap().push(sql.to_owned());
        self.0.select(sql).await
    }

    async fn derived(&self) -> Result<Derived, hobbs_report::SourceError> {
        self.0.derived().await
    }

    async fn rows(
        &self,
        scope: &Scope,
        order: hobbs_report::Order,
    ) -> Result<
        futures::stream::BoxStream<'static, Result<Vec<ReportRow>, hobbs_report::SourceError>>,
        hobbs_report::SourceError,
    > {
        self.0.rows(scope, order).await
    }
}

#[test]
fn metrics_are_narrowed_to_what_was_asked() {
    let memory = three_users();
    let heard = Heard(&memory, std::sync::Mutex::default());
    let scope = Scope {
        tenant_id: Some("t".into()),
        users: vec!["o'neill".into()],
        from_ms: Some(1_793_577_600_000),
        to_ms: Some(1_794_700_800_000),
        apps: vec!["Word".into()],
    };
    futures::executor::block_on(summarize(&heard, &scope, now())).unwrap();
    let heard = heard.1.into_inner().unwrap();
    let metrics: Vec<&String> = heard.iter().filter(|sql| sql.starts_with("WITH")).collect();
    assert_eq!(metrics.len(), 10);
    for sql in metrics {
        let to_date = sql.contains("weeks_later");
        let from = if to_date {
            ""
        } else {
            "started_at >= '2026-11-02T00:00:00.000Z' AND "
        };
        let narrowed = format!(
            "WITH\nexchanges AS (\n    SELECT *\n    FROM exchanges\n    WHERE tenant_id = 't' AND user_id IN ('o''neill') AND {from}started_at < '2026-11-15T00:00:00.000Z' AND (app_class IN ('Word') OR app IN ('Word'))\n),\n"
        );
        assert!(sql.starts_with(&narrowed), "{sql}");
        assert!(
            sql.contains("BETWEEN DATE '2026-11-02' AND DATE '2026-11-14'") || to_date,
            "{sql}"
        );
    }
}
