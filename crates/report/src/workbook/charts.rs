//! The charts of the sheet Summary, over its lists.

use rust_xlsxwriter::{
    Chart, ChartAxis, ChartAxisLabelPosition, ChartFont, ChartFormat, ChartLayout,
    ChartLegendPosition, ChartLine, ChartSolidFill, ChartType, Color,
};

use super::style::{AMBER, BLUE, GRAY, RULE};

const APPS_SHOWN: u32 = 10;

/// Interactions by day, over the rows from first to last of the list on `sheet`.
pub(super) fn by_day(sheet: &str, days: (u32, u32), height: u32) -> Chart {
    let mut chart = stacked(sheet, ChartType::ColumnStacked, "Interactions by day", days);
    numbers_along(chart.y_axis());
    chart.x_axis().set_date_axis(true).set_num_format("d mmm");
    chart.set_width(560).set_height(height);
    chart
}

/// The largest apps, over the list on `sheet`, which is sorted.
pub(super) fn by_app(sheet: &str, (first, last): (u32, u32), apps: usize, height: u32) -> Chart {
    let title = match apps > APPS_SHOWN as usize {
        true => format!("Interactions by app (the {APPS_SHOWN} largest)"),
        false => "Interactions by app".to_owned(),
    };
    let shown = (first, last.min(first + APPS_SHOWN - 1));
    let mut chart = stacked(sheet, ChartType::BarStacked, &title, shown);
    numbers_along(chart.x_axis());
    // The axes of a bar chart lie crosswise: the names stand on the y axis, the largest on top.
    chart.y_axis().set_reverse().set_label_interval(1);
    chart
        .x_axis()
        .set_label_position(ChartAxisLabelPosition::High);
    // Room for long names, on one or two lines each.
    let layout = ChartLayout::new()
        .set_offset(0.40, 0.13)
        .set_dimensions(0.55, 0.66);
    chart.plot_area().set_layout(&layout);
    chart.set_width(384).set_height(height);
    chart
}

/// A chart of the columns "Not automatic" and "Automatic" over the names in the first column.
fn stacked(sheet: &str, kind: ChartType, title: &str, (first, last): (u32, u32)) -> Chart {
    let mut chart = Chart::new(kind);
    let quiet = || ChartFont::new().set_size(9).set_color(GRAY).clone();
    for (name, column, color) in [("Not automatic", 4, BLUE), ("Automatic", 5, AMBER)] {
        chart
            .add_series()
            .set_name(name)
            .set_categories((sheet, first, 0, last, 0))
            .set_values((sheet, first, column, last, column))
            .set_format(&mut fill(color))
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
