//! The charts of the page, each with its values as a table.

use crate::apps::App;
use crate::steps::{StepKind, steps};
use crate::summary::Summary;
use crate::verdicts::{ByVerdict, Cohort, Verdict, VerdictFigures, WEEKDAYS};
use crate::words::{percent, plural, thousands};

use super::charts::{self, Bar, Map};
use super::tables::{Table, numbers, text, texts, verdict_cells, verdict_heads};

/// Weeks that a chart shows, the latest.
const WEEKS_SHOWN: usize = 104;
/// Apps that a chart shows, the largest.
const APPS_SHOWN: usize = 12;
/// Cohorts that a chart shows, the latest.
const COHORTS_SHOWN: usize = 26;
/// A chart, what it shows, and the same as a table.
pub(super) struct Figure {
    pub title: &'static str,
    /// What is counted, and what is left out.
    pub note: String,
    /// The verdicts have colors of their own.
    pub legend: bool,
    pub svg: String,
    pub table: Option<Table>,
}

pub(super) fn color(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Typed => "var(--typed)",
        Verdict::Clicked => "var(--clicked)",
        Verdict::Automatic => "var(--automatic)",
        Verdict::System => "var(--system)",
        Verdict::Noise => "var(--noise)",
        Verdict::Unknown => "var(--unknown)",
    }
}

fn bar(label: String, of: &str, exchanges: &ByVerdict) -> Bar {
    let total = exchanges.total();
    let parts = Verdict::ALL.map(|verdict| {
        let count = exchanges.of(verdict);
        let title = format!(
            "{of}: {} {} ({} of {})",
            thousands(count),
            verdict.id(),
            percent(count, total),
            thousands(total),
        );
        (color(verdict), count, title)
    });
    Bar {
        label,
        parts: parts.into(),
    }
}

pub(super) fn by_week(verdicts: &VerdictFigures) -> Option<Figure> {
    if verdicts.weeks.is_empty() {
        return None;
    }
    let title = "Exchanges by week and verdict";
    let earlier = verdicts.weeks.len().saturating_sub(WEEKS_SHOWN);
    let bars = verdicts.weeks[earlier..].iter().map(|week| {
        bar(
            week.week.strftime("%-d %b").to_string(),
            &format!("Week of {}", week.week),
            &week.exchanges,
        )
    });
    let mut heads = vec![texts("Week of"), numbers("Users"), numbers("By own will")];
    heads.extend(verdict_heads());
    let mut table = Table::new("weeks", title, heads);
    for week in verdicts.weeks.iter().rev() {
        let mut row = vec![
            week.week.to_string(),
            thousands(week.users_any),
            thousands(week.users_asked),
        ];
        row.extend(verdict_cells(&week.exchanges));
        table.row(row);
    }
    let mut note = "An exchange is a prompt with its responses. Weeks begin on Monday, in the tenant's time zone.".to_owned();
    if earlier > 0 {
        note.push_str(&format!(
            " The latest {WEEKS_SHOWN} of {} weeks; all stand in the table.",
            verdicts.weeks.len()
        ));
    }
    Some(Figure {
        title,
        note,
        legend: true,
        svg: charts::columns("weeks-chart", title, bars.collect()),
        table: Some(table),
    })
}

/// The table of the apps stands by itself.
pub(super) fn by_app(apps: &[App<'_>]) -> Option<Figure> {
    let title = "Exchanges by app and verdict";
    let mut shown: Vec<(&App<'_>, ByVerdict)> = apps
        .iter()
        .filter_map(|app| Some((app, app.exchanges?)))
        .filter(|(_, exchanges)| exchanges.total() > 0)
        .collect();
    if shown.is_empty() {
        return None;
    }
    shown.sort_by_key(|(_, exchanges)| std::cmp::Reverse(exchanges.total()));
    let all = shown.len();
    shown.truncate(APPS_SHOWN);
    let bars = shown
        .iter()
        .map(|(app, exchanges)| bar(text(app.app), &text(app.app), exchanges));
    let note = match all > APPS_SHOWN {
        true => format!("The largest {APPS_SHOWN} of {all} apps; all stand in the table."),
        false => String::new(),
    };
    Some(Figure {
        title,
        note,
        legend: true,
        svg: charts::bars("apps-chart", title, bars.collect()),
        table: None,
    })
}

pub(super) fn distribution(summary: &Summary, verdicts: &VerdictFigures) -> Option<Figure> {
    if verdicts.tiers.is_empty() || summary.users.len() < 2 {
        return None;
    }
    let title = "Users by how much they ask";
    let steps = steps(verdicts, summary.users.len());
    let all: u64 = steps.iter().map(|step| step.users).sum();
    let heads = vec![
        texts("Users"),
        texts("Typed or clicked"),
        numbers("Number"),
        numbers("Of users"),
    ];
    let mut table = Table::new("distribution", title, heads);
    let mut bars = Vec::new();
    for step in steps {
        let name = text(&step.name);
        let color = match step.kind {
            StepKind::Nothing => "var(--noise)",
            StepKind::NotAsked => "var(--automatic)",
            StepKind::Asked => "var(--typed)",
        };
        let (users, share) = (thousands(step.users), percent(step.users, all));
        let said = format!(
            "{name} ({}): {users} {} ({share})",
            step.says,
            plural(step.users, "user", "users")
        );
        bars.push(Bar {
            label: name.clone(),
            parts: vec![(color, step.users, said)],
        });
        table.row(vec![name, step.says, users, share]);
    }
    let note = "Users of this report by the exchanges that they typed or clicked in five working days. Those of none are active as Microsoft counts all the same.".to_owned();
    Some(Figure {
        title,
        note,
        legend: false,
        svg: charts::columns("distribution-chart", title, bars),
        table: Some(table),
    })
}

pub(super) fn hours(verdicts: &VerdictFigures) -> Option<Figure> {
    let asked = verdicts.asked_by_hour();
    let most = asked
        .iter()
        .flatten()
        .copied()
        .max()
        .filter(|most| *most > 0)?;
    let title = "When people ask";
    let mut heads = vec![texts("Hour")];
    heads.extend(WEEKDAYS.into_iter().map(numbers));
    let mut table = Table::new("hours", title, heads);
    for hour in 0..24 {
        let mut row = vec![format!("{hour:02}:00")];
        row.extend(asked.iter().map(|day| thousands(day[hour])));
        table.row(row);
    }
    let cells = asked.iter().zip(WEEKDAYS).map(|(day, name)| {
        (0..24)
            .map(|hour| {
                let count = day[hour];
                let said = format!(
                    "{name} {hour:02}:00 to {hour:02}:59: {} typed or clicked",
                    thousands(count)
                );
                Some((count as f64 / most as f64, said))
            })
            .collect()
    });
    let map = Map {
        rows: WEEKDAYS.iter().map(|day| day[..3].to_owned()).collect(),
        columns: (0..24).map(|hour| format!("{hour:02}")).collect(),
        cells: cells.collect(),
    };
    let note = format!(
        "Typed and clicked exchanges by hour and weekday, in the tenant's time zone. The cell of the strongest color is {}.",
        thousands(most)
    );
    Some(Figure {
        title,
        note,
        legend: false,
        svg: charts::map("hours-chart", title, map),
        table: Some(table),
    })
}

pub(super) fn retention(verdicts: &VerdictFigures) -> Option<Figure> {
    let earlier = verdicts.retention.len().saturating_sub(COHORTS_SHOWN);
    let cohorts = &verdicts.retention[earlier..];
    let widest = cohorts
        .iter()
        .map(|cohort| cohort.returned.len())
        .max()
        .filter(|width| *width > 1)?;
    let title = "Who comes back";
    let mut table = Table::new(
        "retention",
        title,
        vec![
            texts("First week"),
            numbers("Users"),
            numbers("Week"),
            numbers("Asked again"),
            numbers("Of users"),
        ],
    );
    for cohort in cohorts {
        for (returned, at) in cohort.returned.iter().zip(0..) {
            table.row(vec![
                cohort.week.to_string(),
                thousands(cohort.users),
                thousands(at),
                thousands(*returned),
                percent(*returned, cohort.users),
            ]);
        }
    }
    let map = Map {
        rows: cohorts
            .iter()
            .map(|cohort| {
                format!(
                    "{} ({})",
                    cohort.week.strftime("%-d %b"),
                    thousands(cohort.users)
                )
            })
            .collect(),
        columns: (0..widest).map(|at| at.to_string()).collect(),
        cells: cohorts
            .iter()
            .map(|cohort| (0..widest).map(|at| cell(cohort, at)).collect())
            .collect(),
    };
    let mut note = "A row for the users who first typed or clicked in that week, with their number; a column for each week since. The stronger the color, the more of them asked again.".to_owned();
    if earlier > 0 {
        note.push_str(&format!(
            " The latest {COHORTS_SHOWN} of {} cohorts.",
            verdicts.retention.len()
        ));
    }
    Some(Figure {
        title,
        note,
        legend: false,
        svg: charts::map("retention-chart", title, map),
        table: Some(table),
    })
}

fn cell(cohort: &Cohort, at: usize) -> Option<(f64, String)> {
    let returned = *cohort.returned.get(at)?;
    let said = format!(
        "First week {}, {at} {} later: {} of {} users asked ({})",
        cohort.week,
        plural(at as u64, "week", "weeks"),
        thousands(returned),
        thousands(cohort.users),
        percent(returned, cohort.users),
    );
    Some((returned as f64 / cohort.users.max(1) as f64, said))
}
