//! Microsoft's usage report beside the interactions, and licenses: the whole way from a source to
//! every form.

use std::sync::Arc;

use calamine::{Data, Reader, Xlsx, open_workbook};
use hobbs_reconcile::licenses::{Price, Verdict};
use hobbs_reconcile::{Code, Line};
use hobbs_report::licenses::{self, Licenses};
use hobbs_report::reconcile::{self, Answer, Reconciliation};
use hobbs_report::{Derived, Scope, Style, html, summarize, table, workbook};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::now;
use crate::page::assert_harmless;
use crate::told::{Event, Told};

const CLASS: &str = "IPM.SkypeTeams.Message.Copilot.";
const HOSTILE: &str = "=HYPERLINK(\"https://evil\")<script>\u{1b}[2J\u{202e}";
const END_MS: i64 = 1_795_348_800_000;

fn event(user: &'static str, app: &'static str, verdict: &'static str, day: &str) -> Event {
    let class: &'static str = match app {
        "Word" => "IPM.SkypeTeams.Message.Copilot.Word",
        "Excel" => "IPM.SkypeTeams.Message.Copilot.Excel",
        "Planner" => "IPM.SkypeTeams.Message.Copilot.Planner",
        other => panic!("{CLASS}{other}"),
    };
    Event {
        user,
        class,
        verdict,
        at: format!("{day}T10:00:00Z").parse().unwrap(),
    }
}

fn row(user: Option<&str>, name: &str, column: &str, day: Option<&str>) -> Value {
    let mut row = json!({
        "report_refresh_date": "2026-11-20", "report_period": 28, "report_version": "v2", "concealed": false,
        "user_id": user, "user_principal_name": name, "last_activity_date": day,
        "prompts_submitted": u64::from(day.is_some()), "active_usage_days": u64::from(day.is_some()),
    });
    if !column.is_empty() {
        row[column] = day.into();
    }
    row
}

fn name(user: &str) -> String {
    match user {
        "fina" => HOSTILE.to_owned(),
        other => format!("{other}@contoso.com"),
    }
}

/// One user for each reason.
fn everybody() -> Told {
    let mut told = Told::new();
    told.events = vec![
        event("adele", "Word", "typed", "2026-11-19"),
        event("boris", "Word", "automatic", "2026-11-18"),
        event("chen", "Excel", "clicked", "2026-11-17"),
        event("emil", "Word", "typed", "2026-11-21"),
        event("gus", "Planner", "typed", "2026-11-16"),
        event("ivo", "Word", "typed", "2026-11-01"),
    ];
    let users = [
        "adele", "boris", "chen", "dara", "emil", "fina", "gus", "hana", "ivo", "jara",
    ];
    let dates = [
        (
            "adele",
            "word_copilot_last_activity_date",
            Some("2026-11-19"),
        ),
        (
            "boris",
            "word_copilot_last_activity_date",
            Some("2026-11-18"),
        ),
        (
            "chen",
            "excel_copilot_last_activity_date",
            Some("2026-11-17"),
        ),
        (
            "dara",
            "outlook_copilot_last_activity_date",
            Some("2026-11-12"),
        ),
        ("emil", "", None),
        (
            "fina",
            "microsoft_teams_copilot_last_activity_date",
            Some("2026-11-15"),
        ),
        ("gus", "", None),
        (
            "hana",
            "copilot_agent_last_activity_date",
            Some("2026-11-14"),
        ),
        ("jara", "", None),
    ];
    told.reports = dates
        .iter()
        .map(|(user, column, day)| row(Some(user), &name(user), column, *day))
        .collect();
    told.reports.push(row(
        None,
        "ghost@contoso.com",
        "word_copilot_last_activity_date",
        Some("2026-11-13"),
    ));
    // Reports that are not asked for.
    for (date, period) in [("2026-11-19", 28), ("2026-11-20", 7), ("2026-11-20", 90)] {
        let mut other = row(Some("adele"), "adele@contoso.com", "", None);
        other["report_refresh_date"] = date.into();
        other["report_period"] = period.into();
        told.reports.push(other);
    }
    let gap = (1_794_268_800_000_i64, 1_794_528_000_000_i64); // 2026-11-10 to 2026-11-13
    told.whole = users
        .iter()
        .filter(|user| **user != "dara")
        .map(|user| json!({"user_id": user, "from_ms": 0, "to_ms": END_MS}))
        .collect();
    told.whole
        .push(json!({"user_id": "dara", "from_ms": 0, "to_ms": gap.0}));
    told.whole
        .push(json!({"user_id": "dara", "from_ms": gap.1, "to_ms": END_MS}));
    told.failures = vec![
        json!({"user_id": "dara", "error_code": "throttled", "from_ms": gap.0, "to_ms": gap.1}),
    ];
    told.people = users
        .iter()
        .map(|user| json!({
            "user_id": user, "user_principal_name": name(user), "display_name": name(user), "department": "Finance",
            "account_enabled": *user != "hana", "licensed": *user != "ivo", "state": "present", "valid_from_at": "2026-11-05T00:00:00Z",
        }))
        .collect();
    let license = |user: &str, licensed: bool, from: &str, to: Option<&str>| {
        json!({
            "user_id": user, "sku_id": "639dec6b", "licensed": licensed, "status": if licensed { "enabled" } else { "removed" },
            "assigned_at": licensed.then_some("2026-03-01T00:00:00Z"), "valid_from_at": from, "valid_to_at": to,
        })
    };
    told.licenses = users
        .iter()
        .filter(|user| **user != "ivo")
        .map(|user| license(user, true, "2026-03-02T00:00:00Z", None))
        .collect();
    told.licenses.push(license(
        "ivo",
        true,
        "2026-03-02T00:00:00Z",
        Some("2026-11-05T00:00:00Z"),
    ));
    told.licenses
        .push(license("ivo", false, "2026-11-05T00:00:00Z", None));
    told.seats = vec![
        json!({"sku_id": "639dec6b", "sku_part_number": "Microsoft_365_Copilot", "enabled": 10, "consumed": 9, "suspended": 1, "warning": 0, "locked_out": 0}),
    ];
    told.summary = vec![
        json!({"app": "Any App", "enabled_users": 10, "active_users": 7, "prompts_submitted": 7}),
        json!({"app": "Word", "enabled_users": 10, "active_users": 3}),
    ];
    told.trend = vec![
        json!({"report_date": "2026-11-19", "enabled_users": 10, "active_users": 1, "prompts_submitted": 1}),
    ];
    told
}

fn query() -> licenses::Query {
    licenses::Query {
        on_leave: vec!["JARA@contoso.com".into()],
        price: Some(Price {
            per_seat_month: 30.0,
            currency: "EUR".into(),
        }),
        ..licenses::Query::default()
    }
}

fn reconciled(told: &Told) -> (Reconciliation, Vec<Line>) {
    let mut lines = Vec::new();
    let asked = reconcile::Query::default();
    let answer = futures::executor::block_on(reconcile::reconcile_each(
        told,
        &asked,
        now(),
        &mut |line| {
            lines.push(line.clone());
            Ok(())
        },
    ));
    match answer.unwrap() {
        Answer::Here(figures) => (*figures, lines),
        Answer::Missing { missing } => panic!("{missing}"),
    }
}

fn license_figures(told: &Told) -> Licenses {
    match futures::executor::block_on(licenses::licenses(told, &query(), now())).unwrap() {
        Answer::Here(figures) => *figures,
        Answer::Missing { missing } => panic!("{missing}"),
    }
}

#[test]
fn everybody_has_their_own_reason() {
    let (figures, lines) = reconciled(&everybody());
    let all: Vec<(&str, Code)> = lines
        .iter()
        .filter(|line| line.is_all())
        .map(|line| (line.user(), line.reason))
        .collect();
    assert_eq!(
        all,
        [
            ("adele@contoso.com", Code::Same),
            ("boris@contoso.com", Code::AutomaticOnly),
            ("chen@contoso.com", Code::ClickedOnly),
            ("dara@contoso.com", Code::HistoryNotWhole),
            ("emil@contoso.com", Code::ReportNotRefreshed),
            (HOSTILE, Code::Unexplained),
            ("gus@contoso.com", Code::AppWithoutColumn),
            ("hana@contoso.com", Code::NoCounterpart),
            ("ivo@contoso.com", Code::LicenseMissing),
            ("jara@contoso.com", Code::Same),
            ("ghost@contoso.com", Code::HistoryNotWhole),
        ]
    );
    let of = &figures.figures.headline;
    assert_eq!(
        (
            of.active,
            of.typed,
            of.clicked_only,
            of.automatic_only,
            of.nothing
        ),
        (7, 1, 1, 1, 4)
    );
    assert_eq!(of.nothing_by_reason[&Code::HistoryNotWhole], 2);
    assert_eq!(
        (
            figures.report_refresh_date.to_string(),
            figures.report_period
        ),
        ("2026-11-20".to_owned(), 28)
    );
    let dara = lines
        .iter()
        .find(|line| line.user() == "dara@contoso.com")
        .unwrap();
    let gap = dara.gap.as_ref().unwrap();
    assert_eq!(
        (gap.from.unwrap().to_string(), &*gap.code),
        ("2026-11-10T00:00:00Z".to_owned(), "throttled")
    );
    // All apps and Teams; what differs besides is told too.
    assert_eq!(figures.unexplained().count(), 2);
    assert_eq!(figures.figures.lines, lines.len() as u64);
    assert_eq!(
        figures.differences.len(),
        lines
            .iter()
            .filter(|line| line.reason != Code::Same)
            .count()
    );
    assert!(
        figures.differences[0].reason == Code::Unexplained && figures.differences_left_out == 0
    );
}

#[test]
fn the_report_with_the_period_asked_is_taken() {
    let told = everybody();
    let asked = |days: u32| {
        let query = reconcile::Query {
            days,
            ..reconcile::Query::default()
        };
        let answer =
            futures::executor::block_on(reconcile::reconcile(&told, &query, now())).unwrap();
        answer
            .here()
            .map(|figures| {
                (
                    figures.report_period,
                    figures.report_refresh_date.to_string(),
                )
            })
            .unwrap()
    };
    assert_eq!(asked(1), (7, "2026-11-20".to_owned()));
    assert_eq!(asked(28), (28, "2026-11-20".to_owned()));
    assert_eq!(asked(29), (90, "2026-11-20".to_owned()));
    assert_eq!(asked(400), (90, "2026-11-20".to_owned()));
}

#[test]
fn a_day_older_than_the_period_is_looked_up() {
    let mut told = everybody();
    told.events
        .push(event("jara", "Word", "typed", "2026-09-01"));
    told.events
        .push(event("jara", "Word", "automatic", "2026-09-10"));
    told.events
        .push(event("jara", "Word", "automatic", "2026-09-20"));
    let jara = told
        .reports
        .iter_mut()
        .find(|row| row["user_id"] == "jara")
        .unwrap();
    *jara = row(
        Some("jara"),
        "jara@contoso.com",
        "word_copilot_last_activity_date",
        Some("2026-09-10"),
    );
    jara["prompts_submitted"] = 0.into();
    jara["active_usage_days"] = 0.into();
    let (_, lines) = reconciled(&told);
    let jara: Vec<Code> = lines
        .iter()
        .filter(|line| line.user_id == "jara")
        .map(|line| line.reason)
        .collect();
    assert_eq!(jara, [Code::AutomaticOnly, Code::AutomaticOnly]);
}

#[test]
fn hidden_names_are_said_and_counts_are_shown() {
    let mut told = everybody();
    for row in &mut told.reports {
        row["user_id"] = Value::Null;
        row["user_principal_name"] = "0123456789ABCDEF0123456789ABCDEF".into();
        row["concealed"] = true.into();
    }
    let (figures, lines) = reconciled(&told);
    assert!(lines.is_empty(), "nobody is compared with a hash");
    assert_eq!(
        (
            figures.figures.users_concealed,
            figures.figures.users_by_reason[&Code::Concealed]
        ),
        (10, 10)
    );
    let says = figures.concealed_says.as_deref().unwrap();
    assert!(says.contains("Display concealed user, group, and site names in all reports"));
    let word = figures.apps.iter().find(|app| app.app == "Word").unwrap();
    assert_eq!(
        (word.microsoft_active, word.users_any, word.users_asked),
        (Some(3), 3, 2)
    );
    assert_eq!(
        figures
            .days
            .iter()
            .filter(|day| day.microsoft_active.is_some())
            .count(),
        1
    );
    let shown = table::reconciliation(&Answer::Here(Box::new(figures)), Style::default());
    assert!(
        shown.contains("concealed: the report hides names"),
        "{shown}"
    );
}

#[test]
fn what_is_missing_is_said() {
    let without_report = || {
        let mut told = everybody();
        told.without = vec!["usage_reports"];
        told
    };
    let without_verdicts = || {
        let mut told = everybody();
        told.rest.derived = Derived::Nothing;
        told
    };
    for (told, words) in [
        (without_report(), "Reports.Read.All"),
        (without_verdicts(), "hobbs rules apply"),
    ] {
        let answer = futures::executor::block_on(reconcile::reconcile(
            &told,
            &reconcile::Query::default(),
            now(),
        ))
        .unwrap();
        assert!(answer.why_missing().unwrap().contains(words));
        let error = futures::executor::block_on(reconcile::write_csv(
            &told,
            &reconcile::Query::default(),
            now(),
            Vec::new(),
        ));
        assert!(error.unwrap_err().to_string().contains(words));
    }
    let mut told = everybody();
    told.without = vec!["license_assignments", "usage_reports"];
    let summary = futures::executor::block_on(summarize(&told, &Scope::default(), now())).unwrap();
    let page = html::render(&summary).unwrap();
    assert!(page.contains("Reports.Read.All") && page.contains("no history of licenses"));
    assert!(serde_json::to_value(&summary).unwrap()["licenses"]["missing"].is_string());
}

#[test]
fn holders_candidates_and_frozen_histories() {
    let figures = license_figures(&everybody());
    let verdicts: Vec<(&str, Verdict)> = figures
        .holders
        .iter()
        .map(|holder| (&*holder.user_id, holder.verdict))
        .collect();
    assert_eq!(
        verdicts,
        [
            ("hana", Verdict::AccountDisabled),
            ("fina", Verdict::NeverUsed),
            ("boris", Verdict::AutomaticOnly),
            ("jara", Verdict::OnLeave),
            ("dara", Verdict::Unknown),
            ("adele", Verdict::InUse),
            ("chen", Verdict::InUse),
            ("emil", Verdict::InUse),
            ("gus", Verdict::InUse),
        ]
    );
    assert_eq!((figures.worth_moving, figures.seats[0].free), (3, 1));
    assert_eq!(
        figures
            .candidates
            .iter()
            .map(|candidate| &*candidate.user_id)
            .collect::<Vec<_>>(),
        ["ivo"]
    );
    let frozen = &figures.frozen[0];
    assert_eq!(
        (&*frozen.user_id, &*frozen.cause, frozen.rows),
        ("ivo", "not_licensed", 2)
    );
    assert_eq!(
        frozen.frozen_from,
        Some(Timestamp::from_millisecond(END_MS).unwrap())
    );
    let cost = figures.cost.as_ref().unwrap();
    assert_eq!(
        (cost.per_month, cost.worth_moving_per_month, cost.typed_28),
        (270.0, 90.0, 3)
    );
    assert_eq!(cost.per_typed_exchange, Some(91.99));
}

#[test]
fn nobody_is_idle_whose_interactions_are_not_judged_yet() {
    let verdict_of = |told: &Told, user: &str| {
        let holders = license_figures(told).holders;
        let holder = holders.iter().find(|holder| holder.user_id == user);
        holder.unwrap().verdict
    };
    let mut told = everybody();
    assert_eq!(verdict_of(&told, "boris"), Verdict::AutomaticOnly);
    told.rest.derived = Derived::AllBut {
        interactions: 3,
        after: 7,
    };
    told.not_judged = vec![json!({"user_id": "boris", "interactions": 3})];
    assert_eq!(verdict_of(&told, "boris"), Verdict::Unknown);
    let others = ["adele", "chen", "fina"];
    assert!(
        others
            .iter()
            .all(|user| verdict_of(&told, user) == verdict_of(&everybody(), user))
    );
}

#[test]
fn the_csv_of_a_license_change_is_safe() {
    let figures = license_figures(&everybody());
    let mut file = Vec::new();
    assert_eq!(licenses::write_csv(&figures, &mut file).unwrap(), 10);
    let text = String::from_utf8(file).unwrap();
    assert!(text.starts_with("\u{feff}userPrincipalName,userId,skuId,action,reason\r\nhana@contoso.com,hana,639dec6b,remove,"));
    let mut csv = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let rows: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    let actions: Vec<&str> = rows.iter().map(|row| &row[3]).collect();
    assert_eq!(
        actions,
        [
            "remove", "remove", "remove", "assign", "keep", "keep", "keep", "keep", "keep", "keep"
        ]
    );
    assert!(rows[1][0].starts_with("'=HYPERLINK") && !text.contains('\u{1b}'));
}

#[test]
fn terminal_tables() {
    let told = everybody();
    let (figures, _) = reconciled(&told);
    let shown = table::reconciliation(&Answer::Here(Box::new(figures)), Style::default());
    assert!(!shown.contains(['\u{1b}', '\u{202e}']));
    insta::assert_snapshot!("reconciliation_in_the_terminal", shown);
    let shown = table::licenses(
        &Answer::Here(Box::new(license_figures(&told))),
        Style::default(),
    );
    assert!(!shown.contains(['\u{1b}', '\u{202e}']));
    insta::assert_snapshot!("licenses_in_the_terminal", shown);
}

/// The numbers of a list of the workbook under a head, by the text in its first column.
fn listed(
    book: &mut Xlsx<std::io::BufReader<std::fs::File>>,
    sheet: &str,
    head: &str,
) -> Vec<(String, Vec<Option<u64>>)> {
    let range = book.worksheet_range(sheet).unwrap();
    let mut rows = range
        .rows()
        .skip_while(|row| row[0] != Data::String(head.into()));
    rows.next().unwrap_or_else(|| panic!("no {head}"));
    rows.take_while(|row| row[0] != Data::Empty)
        .map(|row| {
            let numbers = row[1..].iter().map(|cell| match cell {
                Data::Float(number) => Some(*number as u64),
                _ => None,
            });
            (row[0].to_string(), numbers.collect())
        })
        .collect()
}

/// The cells of a table of the page, by its id.
fn page_rows(page: &str, id: &str) -> Vec<Vec<String>> {
    let (_, table) = page
        .split_once(&format!("<table id=\"{id}\""))
        .unwrap_or_else(|| panic!("no {id}"));
    let (_, body) = table
        .split("</table>")
        .next()
        .unwrap()
        .split_once("<tbody>")
        .unwrap();
    let rows = body.split("<tr>").skip(1).map(|row| {
        let cells = row.split("</td>").filter_map(|cell| cell.rsplit_once('>'));
        cells
            .map(|(_, text)| text.replace(',', ""))
            .filter(|text| !text.contains('\n'))
            .collect()
    });
    rows.collect()
}

#[test]
fn all_forms_carry_the_same_numbers() {
    let told = everybody();
    let (figures, lines) = reconciled(&told);
    let summary =
        Arc::new(futures::executor::block_on(summarize(&told, &Scope::default(), now())).unwrap());
    let whole = serde_json::to_value(&*summary).unwrap();
    let own = &whole["reconciliation"];
    assert_eq!(
        serde_json::to_value(&figures).unwrap(),
        *own,
        "the same as hobbs reconcile"
    );

    let mut json = Vec::new();
    futures::executor::block_on(reconcile::write_json(
        &told,
        &reconcile::Query::default(),
        now(),
        &mut json,
    ))
    .unwrap();
    let json: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["reconciliation"], *own);
    assert_eq!(json["lines"].as_array().unwrap().len(), lines.len());

    let mut file = Vec::new();
    futures::executor::block_on(reconcile::write_csv(
        &told,
        &reconcile::Query::default(),
        now(),
        &mut file,
    ))
    .unwrap();
    let text = String::from_utf8(file).unwrap();
    let mut csv = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let csv: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    assert!(csv.iter().any(|row| row[0].starts_with("'=HYPERLINK")));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.xlsx");
    futures::executor::block_on(workbook::write(
        &told,
        &Scope::default(),
        summary.clone(),
        &path,
    ))
    .unwrap();
    let mut book: Xlsx<_> = open_workbook(&path).unwrap();
    assert_eq!(
        book.sheet_names()[6..],
        [
            "Reconciliation",
            "Differences",
            "Licenses",
            "License holders"
        ]
    );
    for name in book.sheet_names() {
        assert!(
            book.worksheet_formula(&name).unwrap().is_empty(),
            "a formula in {name}"
        );
    }
    let page = html::render(&summary).unwrap();

    // Lines and users by reason.
    let in_book = listed(&mut book, "Reconciliation", "Reason");
    let in_page = page_rows(&page, "reasons");
    let occurring: Vec<Code> = Code::ALL
        .into_iter()
        .filter(|code| own["users_by_reason"][code.id()] != 0 || own["reasons"][code.id()] != 0)
        .collect();
    assert_eq!(
        (in_book.len(), in_page.len()),
        (occurring.len(), occurring.len())
    );
    for ((code, book), page) in occurring.iter().zip(&in_book).zip(&in_page) {
        let lines = own["reasons"][code.id()].as_u64().unwrap();
        let users = own["users_by_reason"][code.id()].as_u64().unwrap();
        let csv_lines = csv.iter().filter(|row| &row[3] == code.id()).count() as u64;
        assert_eq!((lines, csv_lines), (lines, lines), "{code:?}");
        assert!(book.0.starts_with(code.id()));
        assert_eq!(book.1[..2], [Some(lines), Some(users)]);
        assert_eq!(
            [&page[0], &page[2], &page[3]],
            [code.id(), &lines.to_string(), &users.to_string()]
        );
    }
    // Each line that differs.
    let differing: Vec<&csv::StringRecord> = csv.iter().filter(|row| &row[3] != "same").collect();
    let sheet = book.worksheet_range("Differences").unwrap();
    let rows: Vec<&[Data]> = sheet.rows().skip(3).collect();
    assert_eq!(
        (rows.len(), page_rows(&page, "differences").len()),
        (differing.len(), differing.len())
    );
    for row in &rows {
        let (user, column) = (row[1].to_string(), row[2].to_string());
        let same = |line: &&&csv::StringRecord| line[1] == user && line[2] == column;
        let line = differing.iter().find(same).unwrap();
        for at in [3, 6, 7, 13, 14, 15, 17, 18, 22] {
            assert_eq!(line[at], row[at].to_string(), "column {at}");
        }
    }
    // Side by side.
    for (app, book) in
        own["apps"]
            .as_array()
            .unwrap()
            .iter()
            .zip(listed(&mut book, "Reconciliation", "App"))
    {
        assert_eq!(app["app"], book.0);
        let names = [
            "microsoft_enabled",
            "microsoft_active",
            "microsoft_prompts",
            "users_any",
            "users_asked",
            "typed",
            "clicked",
            "automatic",
        ];
        let numbers: Vec<Option<u64>> = names.iter().map(|name| app[name].as_u64()).collect();
        assert_eq!(book.1[..8], numbers);
        let in_page = page_rows(&page, "side-by-side")
            .into_iter()
            .find(|row| app["app"] == row[0])
            .unwrap();
        let shown: Vec<Option<u64>> = in_page[1..].iter().map(|cell| cell.parse().ok()).collect();
        assert_eq!(shown, numbers);
    }
    // Licenses.
    let verdicts = &whole["licenses"]["verdicts"];
    let in_book = listed(&mut book, "Licenses", "Verdict");
    for ((verdict, book), page) in Verdict::ALL
        .into_iter()
        .zip(in_book)
        .zip(page_rows(&page, "license-verdicts"))
    {
        let count = verdicts[verdict.id()].as_u64().unwrap();
        assert_eq!(
            (book.1[0], page[2].parse().ok()),
            (Some(count), Some(count)),
            "{verdict}"
        );
    }
    let holders = book.worksheet_range("License holders").unwrap();
    assert_eq!(
        holders.rows().count() - 1,
        whole["licenses"]["holders"].as_array().unwrap().len()
    );
    assert_harmless(&page);
}

/// A report that names these users.
fn naming(users: &[&'static str]) -> Told {
    let rows = users
        .iter()
        .map(|user| row(Some(user), &name(user), "last_activity_date", None));
    Told {
        reports: rows.collect(),
        ..Told::new()
    }
}

fn of_oneill() -> reconcile::Query {
    reconcile::Query {
        tenant_id: Some("o'neill".into()),
        ..reconcile::Query::default()
    }
}

#[test]
fn nothing_is_asked_twice_however_many_users_there_are() {
    let asked = |users: &[&'static str]| {
        let told = naming(users);
        let query = of_oneill();
        let answer = reconcile::reconcile(&told, &query, now());
        let answer = futures::executor::block_on(answer).unwrap();
        let figures = &answer.here().unwrap().figures;
        assert_eq!(figures.users_in_report, users.len() as u64);
        told.asked.into_inner().unwrap()
    };
    let of_one = asked(&["a"]);
    assert_eq!(of_one, asked(&["a", "b", "c", "d", "e"]));
    let starting = |comment: &str| {
        let mut files = of_one.iter().filter(|sql| sql.starts_with(comment));
        files.next().unwrap()
    };
    let reports = starting("-- Which usage reports there are");
    assert!(reports.contains("tenant_id = 'o''neill'"), "{reports}");
    let rows = starting("-- The rows of one usage report.");
    let condition = "tenant_id = 'contoso' AND report_refresh_date = DATE '2026-11-20' AND report_period = 28 AND report_version = 'v2' AND user_id IS NOT NULL";
    assert!(rows.contains(condition), "{rows}");
}

#[test]
fn rows_may_come_in_any_pieces() {
    let torn = Told {
        torn: true,
        ..everybody()
    };
    assert_eq!(reconciled(&torn), reconciled(&everybody()));
    assert_eq!(license_figures(&torn), license_figures(&everybody()));
}

#[test]
fn rows_that_are_not_in_the_order_of_users_are_refused() {
    let backward = Told {
        backward: true,
        ..naming(&["a", "b"])
    };
    let query = of_oneill();
    let answer = reconcile::reconcile(&backward, &query, now());
    assert_eq!(
        futures::executor::block_on(answer).unwrap_err().to_string(),
        "the lake's answer to reconcile_rows.sql is not in the order of its users"
    );
}
