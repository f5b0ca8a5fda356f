//! The charts of the sheet Summary, over its lists.

use rust_xlsxwriter::{
    Chart, ChartAxis, ChartAxisLabelPosition, ChartFont, ChartFormat, ChartLayout,
    ChartLegendPosition, ChartLine, ChartSolidFill, ChartType, Color,
};

use super::page::Rows;
use super::style::{AMBER, BLUE, GRAY, RULE, verdict_color};
use crate::verdicts::Verdict;

const APPS_SHOWN: u32 = 10;
/// Rows of the sheet that the chart of the distribution covers.
pub(super) const DISTRIBUTION_ROWS: u32 = 11;

/// A series: its name, its column, its color.
type Series = (&'static str, u16, Color);

/// The columns after the names, in lists by verdict.
fn by_verdict() -> Vec<Series> {
    Verdict::ALL
        .into_iter()
        .zip(1..)
        .map(|(verdict, column)| (verdict.name(), column, verdict_color(verdict)))
        .collect()
}

/// Two columns of the lists of lakes without verdicts.
const AUTOMATIC_OR_NOT: [Series; 2] = [("Not automatic", 4, BLUE), ("Automatic", 5, AMBER)];

/// Exchanges by week, over the list on `sheet`.
pub(super) fn by_week(sheet: &str, weeks: Rows, height: u32) -> Chart {
    let mut chart = stacked(
        sheet,
        ChartType::ColumnStacked,
        "Exchanges by week and verdict",
        weeks,
        &by_verdict(),
    );
    numbers_along(chart.y_axis());
    // A text axis: on a date axis a week's column would be as thin as a day.
    chart.x_axis().set_text_axis(true).set_num_format("d mmm");
    chart.set_width(660).set_height(height);
    chart
}

/// Interactions by day, over the list on `sheet`.
pub(super) fn by_day(sheet: &str, days: Rows, height: u32) -> Chart {
    let mut chart = stacked(
        sheet,
        ChartType::ColumnStacked,
        "Interactions by day",
        days,
        &AUTOMATIC_OR_NOT,
    );
    numbers_along(chart.y_axis());
    chart.x_axis().set_date_axis(true).set_num_format("d mmm");
    chart.set_width(660).set_height(height);
    chart
}

/// The largest apps, over the list on `sheet`, which is sorted.
pub(super) fn by_app(
    sheet: &str,
    (first, last): Rows,
    apps: usize,
    height: u32,
    verdicts: bool,
) -> Chart {
    let (what, series) = match verdicts {
        true => ("Exchanges by app", by_verdict()),
        false => ("Interactions by app", AUTOMATIC_OR_NOT.to_vec()),
    };
    let title = match apps > APPS_SHOWN as usize {
        true => format!("{what} (the {APPS_SHOWN} largest)"),
        false => what.to_owned(),
    };
    let shown = (first, last.min(first + APPS_SHOWN - 1));
    let mut chart = stacked(sheet, ChartType::BarStacked, &title, shown, &series);
    numbers_along(chart.x_axis());
    // The axes of a bar chart lie crosswise: the names stand on the y axis, the largest on top.
    chart.y_axis().set_reverse().set_label_interval(1);
    chart
        .x_axis()
        .set_label_position(ChartAxisLabelPosition::High);
    // Room for long names, on one or two lines each.
    let layout = ChartLayout::new()
        .set_offset(0.40, 0.13)
        .set_dimensions(0.55, 0.60);
    chart.plot_area().set_layout(&layout);
    chart.set_width(350).set_height(height);
    chart
}

/// How many users ask how much.
pub(super) fn distribution(sheet: &str, steps: Rows) -> Chart {
    let title = "Users by how much they ask";
    let mut chart = stacked(
        sheet,
        ChartType::BarStacked,
        title,
        steps,
        &[("Users", 1, BLUE)],
    );
    numbers_along(chart.x_axis());
    chart.legend().set_hidden();
    chart.y_axis().set_reverse().set_label_interval(1);
    chart
        .x_axis()
        .set_label_position(ChartAxisLabelPosition::High);
    let layout = ChartLayout::new()
        .set_offset(0.55, 0.20)
        .set_dimensions(0.40, 0.62);
    chart.plot_area().set_layout(&layout);
    chart.set_width(440).set_height(DISTRIBUTION_ROWS * 20);
    chart
}

/// Series over the names in the first column, piled on each other.
fn stacked(
    sheet: &str,
    kind: ChartType,
    title: &str,
    (first, last): Rows,
    series: &[Series],
) -> Chart {
    let mut chart = Chart::new(kind);
    let quiet = || ChartFont::new().set_size(9).set_color(GRAY).clone();
    for (name, column, color) in series {
        chart
            .add_series()
            .set_name(*name)
            .set_categories((sheet, first, 0, last, 0))
            .set_values((sheet, first, *column, last, *column))
            .set_format(&mut fill(*color))
            .set_gap(40);
    }
    chart
        .title()
        .set_name(title)
        .set_font(ChartFont::new().set_size(11).set_bold().set_color(GRAY));
    chart
        .legend()
        .set_position(ChartLegendPosition::Bottom)
        .set_font(&quiet());
    chart.x_axis().set_font(&quiet());
    chart.y_axis().set_font(&quiet()).set_major_gridlines(false);
    chart
        .chart_area()
        .set_format(ChartFormat::new().set_no_border());
    chart
}

fn numbers_along(axis: &mut ChartAxis) {
    axis.set_num_format("#,##0")
        .set_major_gridlines(true)
        .set_major_gridlines_line(ChartLine::new().set_color(RULE));
}

fn fill(color: Color) -> ChartFormat {
    ChartFormat::new()
        .set_solid_fill(ChartSolidFill::new().set_color(color))
        .clone()
}
