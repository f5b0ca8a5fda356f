//! The sheet Summary: who asked, coverage, charts, and the lists behind them.

use rust_xlsxwriter::Worksheet;

use super::charts;
use super::page::{Item, Page, Rows, Tile};
use super::rows::Finished;
use super::style::Styles;
use crate::apps::{App, apps, share_head};
use crate::error::ReportError;
use crate::steps::steps;
use crate::summary::{Counts, Summary};
use crate::table::{coverage_line, sentence_lines};
use crate::verdicts::{ByVerdict, Verdict, VerdictFigures};
use crate::words::{
    NO_VERDICTS, about, minute, not_judged, own_will, percent, responses_to_prompts, share,
};

pub(super) const NAME: &str = "Summary";
/// The last column that tiles and bands use; the classes of an app stand beyond it.
const LAST: u16 = 8;
const DEPARTMENTS_SHOWN: usize = 20;
const CHART_ROWS: u32 = 16;
const CHART_PX: u32 = CHART_ROWS * 20;

const BY_VERDICT: [&str; 6] = [
    "Typed",
    "Clicked",
    "Automatic",
    "System",
    "Noise",
    "Unknown",
];
const BY_KIND: [&str; 6] = [
    "Prompts",
    "Responses",
    "Other",
    "Not automatic",
    "Automatic",
    "Total",
];

pub(super) fn sheet(
    styles: &Styles,
    summary: &Summary,
    rows: &Finished,
) -> Result<Worksheet, ReportError> {
    let widths = [46.0]
        .into_iter()
        .chain([12.0; LAST as usize])
        .chain([60.0]);
    let mut page = Page::new(NAME, styles, widths)?;
    head(&mut page, summary)?;
    match &summary.verdicts {
        Some(verdicts) => lead(&mut page, verdicts)?,
        None => interactions(&mut page, summary)?,
    }
    notes(&mut page, summary, rows)?;
    if summary.rows.counts.total == 0 {
        return Ok(page.sheet);
    }
    let apps = apps(summary);
    let charts_at = page.row;
    if summary.verdicts.is_some() {
        // The first sheet of paper is full by now.
        page.sheet.set_page_breaks(&[charts_at])?;
    }
    page.row += CHART_ROWS + 1;
    let apps_at = by_app(&mut page, summary, &apps)?;
    let times_at = match &summary.verdicts {
        Some(verdicts) => {
            distribution(&mut page, summary, verdicts)?;
            let weeks_at = by_week(&mut page, verdicts)?;
            departments(&mut page, summary)?;
            marks(&mut page, summary)?;
            by_day_and_verdict(&mut page, verdicts)?;
            weeks_at
        }
        None => {
            marks(&mut page, summary)?;
            departments(&mut page, summary)?;
            by_day(&mut page, summary)?
        }
    };
    let over_time = match &summary.verdicts {
        Some(_) => charts::by_week(NAME, times_at, CHART_PX),
        None => charts::by_day(NAME, times_at, CHART_PX),
    };
    page.chart((charts_at, 0), 0, &over_time)?;
    let by_app = charts::by_app(
        NAME,
        apps_at,
        apps.len(),
        CHART_PX,
        summary.verdicts.is_some(),
    );
    page.chart((charts_at, 5), 0, &by_app)?;
    // On paper the classes of the apps would make everything else small.
    page.sheet.set_print_area(0, 0, page.row, LAST)?;
    Ok(page.sheet)
}

fn head(page: &mut Page<'_>, summary: &Summary) -> Result<(), ReportError> {
    let styles = page.styles;
    page.title("Microsoft 365 Copilot interactions")?;
    let about = format!(
        "{}   ·   made {}",
        about(summary),
        minute(summary.generated_at)
    );
    page.line(&about, &styles.subtitle)?;
    page.row += 1;
    let banner = match summary.coverage.whole {
        true => &styles.whole,
        false => &styles.partial,
    };
    page.band(&coverage_line(summary), LAST, banner)?;
    page.row += 1;
    Ok(())
}

/// Where tiles stand, three in a row.
const THIRDS: [(u16, u16); 3] = [(0, 0), (1, 4), (5, LAST)];

fn lead(page: &mut Page<'_>, verdicts: &VerdictFigures) -> Result<(), ReportError> {
    let styles = page.styles;
    let tile = |(verdict, columns): (&Verdict, (u16, u16))| Tile {
        columns,
        label: format!("{}: {}", verdict.name(), verdict.says()),
        number: verdicts.headline.exchanges.of(*verdict),
        note: share(verdicts, *verdict),
    };
    let (leading, others) = Verdict::ALL.split_at(Verdict::LEADING.len());
    let tiles: Vec<Tile> = leading.iter().zip(THIRDS).map(tile).collect();
    page.tiles(&tiles)?;
    page.band(&own_will(verdicts), LAST, &styles.sentence)?;
    if let Some(not_judged) = not_judged(verdicts.not_judged) {
        page.band(&not_judged, LAST, &styles.partial)?;
    }
    page.row += 1;
    let tiles: Vec<Tile> = others.iter().zip(THIRDS).map(tile).collect();
    page.tiles(&tiles)
}

/// What can be said without verdicts.
fn interactions(page: &mut Page<'_>, summary: &Summary) -> Result<(), ReportError> {
    let styles = page.styles;
    let rows = &summary.rows;
    let share = |part: u64| match rows.counts.total {
        0 => String::new(),
        total => format!("{} of all", percent(part, total)),
    };
    let tile = |columns, label: &str, number: u64, note: String| Tile {
        columns,
        label: label.to_owned(),
        number,
        note,
    };
    let by = format!("by {} of {} users", rows.users, summary.users.len());
    let prompts = rows.counts.prompts;
    let automatic = rows.counts.marked_automatic;
    page.tiles(&[
        tile((0, 0), "Interactions", rows.counts.total, by),
        tile((1, 2), "User prompts", prompts, share(prompts)),
        tile(
            (3, 5),
            "Responses to prompts",
            rows.responses_to_prompts,
            share(rows.responses_to_prompts),
        ),
        tile((6, LAST), "Automatic", automatic, share(automatic)),
    ])?;
    page.band(NO_VERDICTS, LAST, &styles.sentence)?;
    page.row += 1;
    Ok(())
}

fn notes(page: &mut Page<'_>, summary: &Summary, rows: &Finished) -> Result<(), ReportError> {
    let styles = page.styles;
    let mut lines = sentence_lines(summary);
    if lines.is_empty() {
        lines.push("no interactions".to_owned());
    } else {
        lines.push(format!("[1] {}", responses_to_prompts(summary)));
    }
    if !rows.any_text && summary.rows.counts.total > 0 {
        lines.push("The lake keeps no texts (content policy \"none\"), so prompts and responses stand here without them.".to_owned());
    }
    match rows.written().cells_cut {
        0 => {}
        cut => lines.push(format!("{cut} texts are longer than a cell of Excel holds; they end with \"[cut, N characters]\".")),
    }
    if let Some(verdicts) = summary
        .verdicts
        .as_ref()
        .filter(|verdicts| !verdicts.rules.is_empty())
    {
        lines.push(format!("Verdicts by the rules {}.", verdicts.rules));
    }
    for why in [
        summary.reconciliation.why_missing(),
        summary.licenses.why_missing(),
    ] {
        lines.extend(why.map(str::to_owned));
    }
    for line in lines {
        page.line(&line, &styles.subtitle)?;
    }
    page.row += 1;
    Ok(())
}

fn by_app(page: &mut Page<'_>, summary: &Summary, apps: &[App<'_>]) -> Result<Rows, ReportError> {
    let rows = apps.iter().map(|app| {
        let mut row = vec![Item::from(app.app)];
        match &app.exchanges {
            Some(exchanges) => row.extend(with_total(exchanges, app.counts.total)),
            None => row.extend(by_kind(&app.counts)),
        }
        let (own, all) = app.share(summary);
        row.push(Item::Share(own, all));
        if app.exchanges.is_none() {
            row.push("".into());
        }
        row.push(Item::Small(app.classes()));
        row
    });
    let share = share_head(summary);
    let heads = match &summary.verdicts {
        Some(_) => heads("App", &BY_VERDICT, &["Interactions", share, "Classes"]),
        None => heads("App", &BY_KIND, &[share, "", "Classes"]),
    };
    page.list("By app", &heads, rows)
}

/// The list, and its chart at its right side.
fn distribution(
    page: &mut Page<'_>,
    summary: &Summary,
    verdicts: &VerdictFigures,
) -> Result<(), ReportError> {
    if summary.users.len() < 2 {
        return Ok(());
    }
    let at = page.row;
    let steps = steps(verdicts, summary.users.len());
    let all: u64 = steps.iter().map(|step| step.users).sum();
    let rows = steps.iter().map(|step| {
        vec![
            format!("{}: {}", step.name, step.says).into(),
            Item::Count(step.users),
            Item::Share(step.users, all),
        ]
    });
    let heads = ["Typed or clicked", "Users", "Of users"];
    let rows = page.list("Users by how much they ask", &heads, rows)?;
    page.chart((at, 4), 0, &charts::distribution(NAME, rows))?;
    page.row = page.row.max(at + charts::DISTRIBUTION_ROWS + 1);
    Ok(())
}

fn departments(page: &mut Page<'_>, summary: &Summary) -> Result<(), ReportError> {
    if summary
        .departments
        .iter()
        .all(|department| department.department.is_none())
    {
        return Ok(());
    }
    let by_name = summary
        .verdicts
        .as_ref()
        .map(|verdicts| verdicts.by_department(&summary.users));
    let shown = summary.departments.iter().take(DEPARTMENTS_SHOWN);
    let rows = shown.map(|department| {
        let name = department.department.as_deref();
        let mut row = vec![Item::from(name.unwrap_or("(none)"))];
        match &by_name {
            Some(by_name) => {
                let own = by_name.get(&name).copied().unwrap_or_default();
                row.extend(with_total(&own.exchanges, department.users_active));
                row.push(Item::Count(own.users_asked));
            }
            None => {
                row.extend(by_kind(&department.counts));
                row.push(Item::Count(department.users_active));
            }
        }
        row
    });
    let heads = match by_name {
        Some(_) => heads("Department", &BY_VERDICT, &["Active users", "By own will"]),
        None => heads("Department", &BY_KIND, &["Active users"]),
    };
    page.list("By department", &heads, rows)?;
    let more = summary.departments.len().saturating_sub(DEPARTMENTS_SHOWN);
    if more > 0 {
        let styles = page.styles;
        page.row -= 1;
        page.line(&format!("and {more} more: see People"), &styles.note)?;
        page.row += 1;
    }
    Ok(())
}

fn marks(page: &mut Page<'_>, summary: &Summary) -> Result<(), ReportError> {
    if summary.marks.is_empty() {
        return Ok(());
    }
    let rows = summary.marks.iter().map(|mark| {
        let counts = [mark.prompts, mark.responses, mark.total].map(Item::Count);
        [Item::from(mark.mark.as_str())]
            .into_iter()
            .chain(counts)
            .collect()
    });
    page.list(
        "Why automatic: signs in the interactions",
        &["Mark", "Prompts", "Responses", "Total"],
        rows,
    )?;
    Ok(())
}

fn by_week(page: &mut Page<'_>, verdicts: &VerdictFigures) -> Result<Rows, ReportError> {
    let rows = verdicts.weeks.iter().map(|week| {
        let mut row = vec![Item::Day(week.week)];
        row.extend(with_total(&week.exchanges, week.users_any));
        row.push(Item::Count(week.users_asked));
        row
    });
    let heads = heads("Week of", &BY_VERDICT, &["Users", "By own will"]);
    page.list("By week", &heads, rows)
}

fn by_day_and_verdict(page: &mut Page<'_>, verdicts: &VerdictFigures) -> Result<Rows, ReportError> {
    let rows = verdicts.days.iter().map(|day| {
        let mut row = vec![Item::Day(day.day)];
        row.extend(with_total(&day.exchanges, day.users_any));
        row.push(Item::Count(day.users_asked));
        row
    });
    let heads = heads("Day", &BY_VERDICT, &["Users", "By own will"]);
    page.list("By day", &heads, rows)
}

fn by_day(page: &mut Page<'_>, summary: &Summary) -> Result<Rows, ReportError> {
    let rows = summary.days.iter().map(|day| {
        let mut row = vec![Item::Day(day.day)];
        row.extend(by_kind(&day.counts));
        row.push(Item::Count(day.users));
        row
    });
    page.list("By day (UTC)", &heads("Day", &BY_KIND, &["Users"]), rows)
}

fn heads(
    name: &'static str,
    counts: &[&'static str; 6],
    last: &[&'static str],
) -> Vec<&'static str> {
    let mut heads = vec![name];
    heads.extend(counts);
    heads.extend(last);
    heads
}

/// The columns of [`BY_VERDICT`] and one more.
fn with_total<'a>(exchanges: &ByVerdict, last: u64) -> Vec<Item<'a>> {
    let counts = exchanges.all().into_iter().chain([last]);
    counts.map(Item::Count).collect()
}

/// The columns of [`BY_KIND`].
fn by_kind<'a>(counts: &Counts) -> [Item<'a>; 6] {
    [
        counts.prompts,
        counts.responses,
        counts.other,
        counts.total - counts.marked_automatic.min(counts.total),
        counts.marked_automatic,
        counts.total,
    ]
    .map(Item::Count)
}
