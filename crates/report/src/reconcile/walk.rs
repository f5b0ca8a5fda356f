//! From a source to a [`Reconciliation`]: which report, then the users part by part.

use std::collections::{BTreeMap, HashMap};

use hobbs_reconcile::columns::{COLUMNS, Feeds};
use hobbs_reconcile::days::begin_ms;
use hobbs_reconcile::facts::{Failure, LicenseRow};
use hobbs_reconcile::spans::{Span, Spans};
use hobbs_reconcile::{Asked, Code, DayTally, Figures, Licensing, Line, UserFacts, lines};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::answers::{DayRow, FailedRow, LicenseHistory, NobodyRow, OlderRow, Record, Report};
use super::{
    Answer, CONCEALED, DayBySide, LINES_MAX, Query, Reconciliation, SideBySide, VERSION, headline,
};
use crate::answers::{AppSpanRow, SpanRow};
use crate::error::ReportError;
use crate::licenses::PersonRow;
use crate::parts::parts;
use crate::query::{query, select_with};
use crate::scope::{Scope, text_literal, time_literal};
use crate::source::{Source, SourceError};
use crate::words::NO_VERDICTS;

const NO_TABLE: &str = "This lake holds no usage report of Microsoft's, so the two cannot be set side by side: grant the app Reports.Read.All (and ReportSettings.Read.All) and run `hobbs sync`.";

pub(super) async fn reconcile(
    source: &dyn Source,
    query: &Query,
    now: Timestamp,
    each: &mut (dyn FnMut(&Line) -> Result<(), ReportError> + Send),
) -> Result<Answer<Reconciliation>, ReportError> {
    if !source.has_table("usage_reports").await {
        return Ok(Answer::missing(NO_TABLE));
    }
    if !source.has_table("exchanges").await {
        return Ok(Answer::missing(NO_VERDICTS));
    }
    let tenant = |tenant_id: &Option<String>, users: &[String]| {
        let (tenant_id, users) = (tenant_id.clone(), users.to_vec());
        Scope {
            tenant_id,
            users,
            ..Scope::default()
        }
        .people()
    };
    let any = tenant(&query.tenant_id, &[]);
    let reports: Vec<Report> = select_with(
        source,
        query!("reconcile_reports.sql"),
        &[("{people}", &any)],
    )
    .await?;
    let Some(report) = chosen(reports, query.days) else {
        return Ok(Answer::missing(NO_TABLE));
    };
    // Who of another tenant has no row in this report is nothing to be explained.
    let tenant_id = report.tenant_id.clone().or_else(|| query.tenant_id.clone());
    let walk = Walk {
        source,
        people: tenant(&tenant_id, &query.users),
        tenant: tenant(&tenant_id, &[]),
        asked: asked(&report),
        report,
        history: source.has_table("license_assignments").await,
    };
    let mut kept = Kept::default();
    let mut figures = Figures::default();
    for part in parts(walk.report.users) {
        for facts in walk.users(&part).await? {
            walk.judge(&facts, &mut figures, &mut kept, each)?;
        }
    }
    walk.nobody(&mut figures, &mut kept, each).await?;
    figures.finish();
    let apps = walk.apps(&figures).await?;
    let days = walk.days().await?;
    Ok(Answer::Here(Box::new(
        walk.finished(figures, kept, apps, days, now),
    )))
}

/// Of the reports whose period is long enough the newest, of these the one with the shortest period,
/// and of these version 2; where none is long enough, the longest of all.
fn chosen(reports: Vec<Report>, days: u32) -> Option<Report> {
    let long_enough = reports.iter().filter(|report| report.report_period >= days);
    let best = long_enough.max_by_key(|report| {
        (
            report.report_refresh_date,
            std::cmp::Reverse(report.report_period),
            report.report_version.clone(),
        )
    });
    let longest = || {
        reports.iter().max_by_key(|report| {
            (
                report.report_period,
                report.report_refresh_date,
                report.report_version.clone(),
            )
        })
    };
    best.or_else(longest).cloned()
}

fn asked(report: &Report) -> Asked {
    Asked {
        refreshed: report.report_refresh_date,
        period_days: report.report_period,
        v2: report.report_version == "v2",
    }
}

/// Lines that are kept for the figures.
#[derive(Default)]
struct Kept {
    unexplained: Vec<Line>,
    others: Vec<Line>,
    differing: u64,
}

impl Kept {
    fn keep(&mut self, line: Line) {
        if line.reason == Code::Same {
            return;
        }
        self.differing += 1;
        let list = match line.reason {
            Code::Unexplained => &mut self.unexplained,
            _ => &mut self.others,
        };
        if list.len() < LINES_MAX {
            list.push(line);
        }
    }
}

/// One report over one tenant's users.
pub(super) struct Walk<'a> {
    pub source: &'a dyn Source,
    /// The condition over who is asked about.
    pub people: String,
    /// The same without single users.
    pub tenant: String,
    pub report: Report,
    pub asked: Asked,
    /// The lake knows when who held a license.
    history: bool,
}

impl Walk<'_> {
    fn judge(
        &self,
        facts: &UserFacts,
        figures: &mut Figures,
        kept: &mut Kept,
        each: &mut (dyn FnMut(&Line) -> Result<(), ReportError> + Send),
    ) -> Result<(), ReportError> {
        // Where names are hidden, who has no row by name may have one all the same.
        let hidden = facts.report.is_none() && self.is_concealed();
        let lines = if hidden {
            Vec::new()
        } else {
            lines(facts, &self.asked)
        };
        figures.add(facts, &self.asked, &lines);
        for line in lines {
            each(&line)?;
            kept.keep(line);
        }
        Ok(())
    }

    pub(super) fn is_concealed(&self) -> bool {
        self.report.concealed.unwrap_or(0) > 0
    }

    /// The condition for the report's rows.
    fn of_report(&self) -> String {
        format!(
            "{} AND report_refresh_date = DATE '{}' AND report_period = {} AND report_version = {}",
            self.people,
            self.report.report_refresh_date,
            self.report.report_period,
            text_literal(&self.report.report_version)
        )
    }

    /// The first day that is compared day by day: one before the period, for the time zone's sake.
    fn from(&self) -> Date {
        self.asked.first().saturating_sub(1.days())
    }

    /// All that is known of the users of a part, by id.
    async fn users(&self, part: &str) -> Result<Vec<UserFacts>, SourceError> {
        let report = self.of_report();
        let from = time_literal(begin_ms(self.from()));
        let places = [
            ("{people}", self.people.as_str()),
            ("{part}", part),
            ("{report}", report.as_str()),
            ("{from}", from.as_str()),
        ];
        let records: Vec<Record> =
            select_with(self.source, query!("reconcile_rows.sql"), &places).await?;
        let mut users: BTreeMap<String, UserFacts> = BTreeMap::new();
        for record in &records {
            let Some(user_id) = &record.user_id else {
                continue;
            };
            let facts = named(&mut users, user_id);
            facts.report = Some(record.row());
            facts
                .user_principal_name
                .clone_from(&record.user_principal_name);
        }
        let days: Vec<DayRow> =
            select_with(self.source, query!("reconcile_days.sql"), &places).await?;
        for row in days {
            add(
                named(&mut users, &row.user_id),
                &row.app_class,
                [row.entry()],
            );
        }
        self.add_older(&mut users, part, &places).await?;
        self.add_coverage(&mut users, part).await?;
        self.add_people(&mut users, &places).await?;
        Ok(users.into_values().collect())
    }

    async fn add_older(
        &self,
        users: &mut BTreeMap<String, UserFacts>,
        part: &str,
        places: &[(&str, &str)],
    ) -> Result<(), SourceError> {
        let older: Vec<OlderRow> =
            select_with(self.source, query!("reconcile_older.sql"), places).await?;
        for row in older {
            if let Some(facts) = users.get_mut(&row.user_id) {
                add(facts, &row.app_class, row.entries());
            }
        }
        let from = self.from();
        let older = |facts: &UserFacts| {
            let dates = facts.report.iter().flat_map(|row| row.dates);
            dates.flatten().any(|date| date < from)
        };
        if !users.values().any(older) {
            return Ok(());
        }
        let dates = self.named_days(part);
        let places: Vec<(&str, &str)> = places
            .iter()
            .copied()
            .chain([("{named}", dates.as_str())])
            .collect();
        let days: Vec<DayRow> =
            select_with(self.source, query!("reconcile_named_days.sql"), &places).await?;
        for row in days {
            if let Some(facts) = users.get_mut(&row.user_id) {
                add(facts, &row.app_class, [row.entry()]);
            }
        }
        Ok(())
    }

    /// The older days that the report names, in SQL.
    fn named_days(&self, part: &str) -> String {
        let fed = COLUMNS
            .iter()
            .filter(|column| column.feeds != Feeds::Nothing);
        let each = fed.filter_map(|column| column.lake).map(|column| {
            format!(
                "SELECT user_id, {column} AS last_day FROM usage_reports WHERE {} AND {part} AND {column} < DATE '{}'",
                self.of_report(),
                self.from()
            )
        });
        each.collect::<Vec<_>>().join(" UNION ALL ")
    }

    async fn add_coverage(
        &self,
        users: &mut BTreeMap<String, UserFacts>,
        part: &str,
    ) -> Result<(), SourceError> {
        let people = format!("{} AND {part}", self.people);
        let places = [("{people}", people.as_str())];
        for (user_id, spans) in whole(self.source, &people).await? {
            if let Some(facts) = users.get_mut(&user_id) {
                facts.coverage.whole = spans;
            }
        }
        let some: Vec<AppSpanRow> =
            select_with(self.source, query!("coverage_apps.sql"), &places).await?;
        for row in some {
            let span = Span::new(row.from_ms, row.to_ms);
            if let Some((facts, span)) = users.get_mut(&row.user_id).zip(span) {
                facts.coverage.some_apps.push((row.apps(), span));
            }
        }
        let failed: Vec<FailedRow> =
            select_with(self.source, query!("reconcile_failures.sql"), &places).await?;
        for row in failed {
            if let Some((facts, span)) = users.get_mut(&row.user_id).zip(row.span()) {
                facts.coverage.failures.push(Failure {
                    span,
                    code: row.error_code,
                });
            }
        }
        Ok(())
    }

    async fn add_people(
        &self,
        users: &mut BTreeMap<String, UserFacts>,
        places: &[(&str, &str)],
    ) -> Result<(), SourceError> {
        let mut history: HashMap<String, Vec<LicenseRow>> = HashMap::new();
        if self.history {
            for row in license_rows(self.source, places).await? {
                history
                    .entry(row.user_id.clone())
                    .or_default()
                    .push(row.row());
            }
        }
        let people: Vec<PersonRow> =
            select_with(self.source, query!("holders.sql"), places).await?;
        for person in people {
            let Some(facts) = users.get_mut(&person.user_id) else {
                continue;
            };
            history
                .entry(person.user_id.clone())
                .or_insert_with(|| person.license());
            if person.user_principal_name.is_some() {
                facts.user_principal_name = person.user_principal_name;
            }
        }
        for (user_id, rows) in history {
            if let Some(facts) = users.get_mut(&user_id) {
                facts.licensing = Licensing::of(&rows);
            }
        }
        Ok(())
    }

    /// The report's rows that belong to nobody known.
    async fn nobody(
        &self,
        figures: &mut Figures,
        kept: &mut Kept,
        each: &mut (dyn FnMut(&Line) -> Result<(), ReportError> + Send),
    ) -> Result<(), ReportError> {
        if self.people != self.tenant {
            return Ok(()); // Asked about users by their ids.
        }
        let report = self.of_report();
        let places = [
            ("{report}", report.as_str()),
            ("{part}", "user_id IS NULL AND NOT concealed"),
        ];
        let counts: Vec<NobodyRow> =
            select_with(self.source, query!("reconcile_nobody.sql"), &places).await?;
        let of = |concealed: bool| -> u64 {
            let rows = counts
                .iter()
                .filter(|row| row.concealed.unwrap_or(false) == concealed);
            rows.map(|row| row.users).sum()
        };
        if of(true) > 0 {
            figures.add_concealed(of(true));
        }
        if of(false) == 0 {
            return Ok(());
        }
        let records: Vec<Record> =
            select_with(self.source, query!("reconcile_rows.sql"), &places).await?;
        for record in records {
            let facts = UserFacts {
                report: Some(record.row()),
                user_principal_name: record.user_principal_name,
                ..UserFacts::default()
            };
            self.judge(&facts, figures, kept, each)?;
        }
        Ok(())
    }

    fn finished(
        &self,
        figures: Figures,
        kept: Kept,
        apps: Vec<SideBySide>,
        days: Vec<DayBySide>,
        now: Timestamp,
    ) -> Reconciliation {
        let mut differences = kept.unexplained;
        differences.extend(kept.others);
        differences.truncate(LINES_MAX);
        Reconciliation {
            version: VERSION,
            generated_at: now,
            tenant_id: self.report.tenant_id.clone(),
            report_refresh_date: self.report.report_refresh_date,
            report_period: self.report.report_period,
            report_version: self.report.report_version.clone(),
            period_from: self.asked.first(),
            headline_says: headline(&figures),
            concealed_says: self.is_concealed().then(|| CONCEALED.to_owned()),
            figures,
            apps,
            days,
            differences_left_out: kept.differing - differences.len() as u64,
            differences,
        }
    }
}

fn named<'m>(users: &'m mut BTreeMap<String, UserFacts>, user_id: &str) -> &'m mut UserFacts {
    users
        .entry(user_id.to_owned())
        .or_insert_with(|| UserFacts {
            user_id: user_id.to_owned(),
            ..UserFacts::default()
        })
}

fn add(facts: &mut UserFacts, class: &str, days: impl IntoIterator<Item = DayTally>) {
    let at = facts.classes.iter().position(|(name, _)| name == class);
    let at = at.unwrap_or_else(|| {
        facts.classes.push((class.to_owned(), Vec::new()));
        facts.classes.len() - 1
    });
    facts.classes[at].1.extend(days);
}

/// What has been read whole of each user that the condition lets through.
pub(crate) async fn whole(
    source: &dyn Source,
    people: &str,
) -> Result<HashMap<String, Spans>, SourceError> {
    let rows: Vec<SpanRow> = select_with(
        source,
        query!("coverage_whole.sql"),
        &[("{people}", people)],
    )
    .await?;
    let mut spans: HashMap<String, Vec<Span>> = HashMap::new();
    for row in rows {
        spans
            .entry(row.user_id)
            .or_default()
            .extend(Span::new(row.from_ms, row.to_ms));
    }
    Ok(spans
        .into_iter()
        .map(|(user, spans)| (user, spans.into_iter().collect()))
        .collect())
}

/// When the users that the conditions let through held which license.
pub(crate) async fn license_rows(
    source: &dyn Source,
    places: &[(&str, &str)],
) -> Result<Vec<LicenseHistory>, SourceError> {
    select_with(source, query!("license_history.sql"), places).await
}
