//! All that the lake knows of each user for a reconciliation, one user after the other.

use hobbs_reconcile::columns::{COLUMNS, Feeds};
use hobbs_reconcile::days::begin_ms;
use hobbs_reconcile::facts::{Coverage, Failure, LicenseRow};
use hobbs_reconcile::spans::{Span, Spans};
use hobbs_reconcile::{DayTally, Licensing, UserFacts};

use super::answers::{DayRow, FailedRow, LicenseHistory, OlderRow, Record};
use super::walk::Walk;
use crate::answers::{AppSpanRow, SpanRow};
use crate::by_user::ByUser;
use crate::licenses::PersonRow;
use crate::query::query;
use crate::scope::time_literal;
use crate::source::SourceError;

/// The users that a report names or that have exchanges in its time, by id.
pub(super) struct Known<'w> {
    walk: &'w Walk<'w>,
    places: Places,
    records: ByUser<Record>,
    days: ByUser<DayRow>,
    older: ByUser<OlderRow>,
    /// The days before the period that the report names, asked for once it names one.
    named: Option<ByUser<DayRow>>,
    whole: ByUser<SpanRow>,
    some_apps: ByUser<AppSpanRow>,
    failed: ByUser<FailedRow>,
    people: ByUser<PersonRow>,
    /// None where the lake does not know when who held a license.
    licenses: ByUser<LicenseHistory>,
}

/// What the places of the files hold.
struct Places {
    report: String,
    from: String,
    named: String,
}

impl Places {
    fn of(walk: &Walk<'_>) -> Self {
        Places {
            report: walk.of_report(),
            from: time_literal(begin_ms(walk.from())),
            named: named_days(walk),
        }
    }

    fn all<'p>(&'p self, walk: &'p Walk<'_>) -> [(&'static str, &'p str); 5] {
        [
            ("{people}", walk.people.as_str()),
            ("{who}", "user_id IS NOT NULL"),
            ("{report}", self.report.as_str()),
            ("{from}", self.from.as_str()),
            ("{named}", self.named.as_str()),
        ]
    }
}

/// The older days that the report names, in SQL.
fn named_days(walk: &Walk<'_>) -> String {
    let fed = COLUMNS
        .iter()
        .filter(|column| column.feeds != Feeds::Nothing);
    let each = fed.filter_map(|column| column.lake).map(|column| {
        format!(
            "SELECT user_id, {column} AS last_day FROM usage_reports WHERE {} AND user_id IS NOT NULL AND {column} < DATE '{}'",
            walk.of_report(),
            walk.from()
        )
    });
    each.collect::<Vec<_>>().join(" UNION ALL ")
}

impl Walk<'_> {
    /// Asks for all that is known of the users.
    pub(super) async fn known(&self) -> Result<Known<'_>, SourceError> {
        let source = self.source;
        let filled = Places::of(self);
        let places = &filled.all(self);
        Ok(Known {
            walk: self,
            records: ByUser::ask(source, query!("reconcile_rows.sql"), places).await?,
            days: ByUser::ask(source, query!("reconcile_days.sql"), places).await?,
            older: ByUser::ask(source, query!("reconcile_older.sql"), places).await?,
            named: None,
            whole: ByUser::ask(source, query!("coverage_whole.sql"), places).await?,
            some_apps: ByUser::ask(source, query!("coverage_apps.sql"), places).await?,
            failed: ByUser::ask(source, query!("reconcile_failures.sql"), places).await?,
            people: ByUser::ask(source, query!("holders.sql"), places).await?,
            licenses: ByUser::ask(source, query!("license_history.sql"), places).await?,
            places: filled,
        })
    }
}

impl Known<'_> {
    /// The next user; None after the last.
    pub(super) async fn next(&mut self) -> Result<Option<UserFacts>, SourceError> {
        let reported = self.records.user();
        let Some(user_id) = reported.into_iter().chain(self.days.user()).min() else {
            return Ok(None);
        };
        let mut facts = UserFacts {
            user_id: user_id.to_owned(),
            ..UserFacts::default()
        };
        if let Some(record) = self.records.of(&facts.user_id).await?.pop() {
            facts.report = Some(record.row());
            facts.user_principal_name = record.user_principal_name;
        }
        self.add_exchanges(&mut facts).await?;
        facts.coverage = self.coverage(&facts.user_id).await?;
        self.add_person(&mut facts).await?;
        Ok(Some(facts))
    }

    async fn add_exchanges(&mut self, facts: &mut UserFacts) -> Result<(), SourceError> {
        for row in self.days.of(&facts.user_id).await? {
            add(facts, &row.app_class, [row.entry()]);
        }
        for row in self.older.of(&facts.user_id).await? {
            add(facts, &row.app_class, row.entries());
        }
        let from = self.walk.from();
        let reported = facts.report.iter().flat_map(|row| row.dates);
        if !reported.flatten().any(|date| date < from) {
            return Ok(());
        }
        let named = match &mut self.named {
            Some(named) => named,
            None => {
                let places = &self.places.all(self.walk);
                let file = query!("reconcile_named_days.sql");
                // It joins, and one side of a join is in memory, however little there should be.
                let lines = self.walk.source.lines(&file.with(places)).await?;
                let named = ByUser::reading(file.name, lines).await?;
                self.named.insert(named)
            }
        };
        for row in named.of(&facts.user_id).await? {
            add(facts, &row.app_class, [row.entry()]);
        }
        Ok(())
    }

    async fn coverage(&mut self, user_id: &str) -> Result<Coverage, SourceError> {
        let some_apps = self.some_apps.of(user_id).await?.into_iter();
        let failed = self.failed.of(user_id).await?.into_iter();
        Ok(Coverage {
            whole: spans(self.whole.of(user_id).await?),
            some_apps: some_apps
                .filter_map(|row| Some((row.apps(), Span::new(row.from_ms, row.to_ms)?)))
                .collect(),
            failures: failed
                .filter_map(|row| {
                    let span = row.span()?;
                    let code = row.error_code;
                    Some(Failure { span, code })
                })
                .collect(),
        })
    }

    async fn add_person(&mut self, facts: &mut UserFacts) -> Result<(), SourceError> {
        let rows = self.licenses.of(&facts.user_id).await?;
        let mut history: Vec<LicenseRow> = rows.iter().map(LicenseHistory::row).collect();
        let person = self.people.of(&facts.user_id).await?.pop();
        if let Some(person) = person {
            if history.is_empty() {
                history = person.license();
            }
            if person.user_principal_name.is_some() {
                facts.user_principal_name = person.user_principal_name;
            }
        }
        facts.licensing = Licensing::of(&history);
        Ok(())
    }
}

fn add(facts: &mut UserFacts, class: &str, days: impl IntoIterator<Item = DayTally>) {
    let at = facts.classes.iter().position(|(name, _)| name == class);
    let at = at.unwrap_or_else(|| {
        facts.classes.push((class.to_owned(), Vec::new()));
        facts.classes.len() - 1
    });
    facts.classes[at].1.extend(days);
}

/// What has been read whole of a user.
pub(crate) fn spans(rows: Vec<SpanRow>) -> Spans {
    rows.into_iter()
        .filter_map(|row| Span::new(row.from_ms, row.to_ms))
        .collect()
}
