//! From a source to a [`Reconciliation`]: which report, then one user after the other.

use hobbs_reconcile::{Asked, Code, Figures, Line, UserFacts, lines};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::answers::{NobodyRow, Record, Report};
use super::{
    Answer, CONCEALED, DayBySide, LINES_MAX, Query, Reconciliation, SideBySide, VERSION, headline,
};
use crate::error::ReportError;
use crate::query::{query, select_with};
use crate::scope::Scope;
use crate::source::Source;
use crate::words::NO_VERDICTS;

const NO_REPORT: &str = "This lake holds no usage report of Microsoft's, so the two cannot be set side by side. In Microsoft's global cloud, grant the app Reports.Read.All (and ReportSettings.Read.All) and run `hobbs sync`; the US Government and China clouds have no such reports.";

pub(super) async fn reconcile(
    source: &dyn Source,
    query: &Query,
    now: Timestamp,
    each: &mut (dyn FnMut(&Line) -> Result<(), ReportError> + Send),
) -> Result<Answer<Reconciliation>, ReportError> {
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
        return Ok(Answer::missing(NO_REPORT));
    };
    let Some(not_judged) = source.derived().await?.not_judged() else {
        return Ok(Answer::missing(NO_VERDICTS));
    };
    // Who of another tenant has no row in this report is nothing to be explained.
    let tenant_id = report.tenant_id.clone().or_else(|| query.tenant_id.clone());
    let walk = Walk {
        source,
        people: tenant(&tenant_id, &query.users),
        tenant: tenant(&tenant_id, &[]),
        asked: asked(&report),
        report,
        not_judged,
    };
    let mut kept = Kept::default();
    let mut figures = Figures::default();
    let mut users = walk.known().await?;
    while let Some(facts) = users.next().await? {
        walk.judge(&facts, &mut figures, &mut kept, each)?;
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
    /// Interactions that no exchange is derived from yet.
    pub not_judged: u64,
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

    /// Whether users were named, by their ids.
    pub(super) fn is_of_some_users(&self) -> bool {
        self.people != self.tenant
    }

    pub(super) fn is_concealed(&self) -> bool {
        self.report.concealed.unwrap_or(0) > 0
    }

    /// The condition for the report's rows.
    pub(super) fn of_report(&self) -> String {
        format!("{} AND {}", self.people, self.report.condition())
    }

    /// The first day that is compared day by day: one before the period, for the time zone's sake.
    pub(super) fn from(&self) -> Date {
        self.asked.first().saturating_sub(1.days())
    }

    /// The report's rows that belong to nobody known.
    async fn nobody(
        &self,
        figures: &mut Figures,
        kept: &mut Kept,
        each: &mut (dyn FnMut(&Line) -> Result<(), ReportError> + Send),
    ) -> Result<(), ReportError> {
        if self.is_of_some_users() {
            return Ok(());
        }
        let report = self.of_report();
        let places = [
            ("{report}", report.as_str()),
            ("{who}", "user_id IS NULL AND NOT concealed"),
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
            not_judged: self.not_judged,
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
