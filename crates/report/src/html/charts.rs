//! The charts as inline SVG.
//!
//! kuva lays out axes and shapes; colors are CSS variables, so that one picture serves a light
//! page, a dark page and paper. Each shape bears a `<title>` with its value in words of ours. What
//! a chart shows stands in a table beside it as well, so the picture itself is one image to a
//! screen reader.

use std::fmt::Write as _;
use std::sync::Arc;

use kuva::backend::svg::SvgBackend;
use kuva::plot::{BarPlot, ColorMap, Heatmap};
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::{Primitive, Scene, render_multiple};
use kuva::render::theme::Theme;

use crate::words::thousands;

/// Columns that have room for a label beneath.
const LABELS_MAX: usize = 13;
/// Characters of a name beside a bar.
const NAME_CHARS: usize = 34;
const WIDTH: f64 = 760.0;
const TOP_PX: f64 = 8.0;
const BOTTOM_PX: f64 = 30.0;
const RIGHT_PX: f64 = 20.0;
/// Room for `10,000,000` at an axis.
const NUMBERS_PX: f64 = 84.0;

/// A bar in parts that are piled on each other.
pub(super) struct Bar {
    /// Stands at the axis.
    pub label: String,
    /// A CSS color, a value, and what is said on hover.
    pub parts: Vec<(&'static str, u64, String)>,
}

/// A grid of shaded cells; row 0 is the top one.
pub(super) struct Map {
    pub rows: Vec<String>,
    pub columns: Vec<String>,
    /// From 0 (nothing) to 1 (the darkest), and what is said on hover; None: no such cell.
    pub cells: Vec<Vec<Option<(f64, String)>>>,
}

/// Columns from left to right. `id` is unique in the page, `name` tells a screen reader what it is.
pub(super) fn columns(id: &'static str, name: &'static str, bars: Vec<Bar>) -> String {
    let every = bars.len().div_ceil(LABELS_MAX).max(1);
    let last = bars.len().saturating_sub(1);
    let (mut plot, mut titles) = (BarPlot::new().with_width(0.82), Vec::new());
    for (at, bar) in bars.into_iter().enumerate() {
        // Counted from the last, since the latest week should have its label.
        let label = if (last - at).is_multiple_of(every) {
            bar.label
        } else {
            " ".to_owned()
        };
        plot = pile(plot, &mut titles, &label, bar.parts);
    }
    let plots = vec![Plot::from(plot.with_stacked().with_tooltip_labels(titles))];
    let layout = layout(&plots, 230.0, NUMBERS_PX).with_y_tick_format(counts());
    svg(id, name, plots, layout)
}

/// Bars from top to bottom.
pub(super) fn bars(id: &'static str, name: &'static str, bars: Vec<Bar>) -> String {
    let height = TOP_PX + BOTTOM_PX + 26.0 * bars.len() as f64;
    let names_px = width_px(bars.iter().map(|bar| cut(&bar.label)));
    let (mut plot, mut titles) = (
        BarPlot::new().with_width(0.72).with_horizontal(true),
        Vec::new(),
    );
    // The first group stands at the bottom.
    for bar in bars.into_iter().rev() {
        let label = cut(&bar.label);
        plot = pile(plot, &mut titles, &label, bar.parts);
    }
    let plots = vec![Plot::from(plot.with_stacked().with_tooltip_labels(titles))];
    let layout = layout(&plots, height, names_px).with_x_tick_format(counts());
    svg(id, name, plots, layout)
}

/// Parts without a value are left out: they would only lie about the place where one points at.
fn pile(
    plot: BarPlot,
    titles: &mut Vec<String>,
    label: &str,
    parts: Vec<(&'static str, u64, String)>,
) -> BarPlot {
    let mut values = Vec::new();
    for (color, value, title) in parts.into_iter().filter(|(_, value, _)| *value > 0) {
        values.push((value as f64, color));
        titles.push(title);
    }
    if values.is_empty() {
        values.push((0.0, "none"));
        titles.push(format!("{label}: 0"));
    }
    plot.with_group(plain(label), values)
}

/// A map of shaded cells.
pub(super) fn map(id: &'static str, name: &'static str, map: Map) -> String {
    let height = TOP_PX + BOTTOM_PX + 22.0 * map.rows.len() as f64;
    let names_px = width_px(map.rows.iter().cloned());
    let (mut shades, mut titles) = (Vec::new(), Vec::new());
    // kuva's row 0 is the bottom one.
    for row in map.cells.iter().rev() {
        shades.push(
            row.iter()
                .map(|cell| cell.as_ref().map_or(f64::NAN, |(shade, _)| *shade))
                .collect::<Vec<f64>>(),
        );
        titles.extend(row.iter().map(|cell| {
            cell.as_ref()
                .map_or_else(String::new, |(_, title)| title.clone())
        }));
    }
    let plot = Heatmap::new()
        .with_data(shades)
        .with_color_map(ColorMap::Custom(Arc::new(shade)))
        .with_tooltip_labels(titles);
    let plots = vec![Plot::from(plot)];
    let mut layout = layout(&plots, height, names_px)
        .with_x_categories(map.columns.iter().map(|column| plain(column)).collect())
        .with_y_categories(map.rows.iter().rev().map(|row| plain(row)).collect());
    layout.show_colorbar = false;
    layout.show_grid = false;
    svg(id, name, plots, layout)
}

/// A share of the darkest color, laid over the page.
fn shade(share: f64) -> String {
    if share.is_nan() {
        return "none".to_owned();
    }
    let percent = (share.clamp(0.0, 1.0) * 100.0).round();
    format!("color-mix(in srgb, var(--map) {percent}%, var(--map-none))")
}

fn layout(plots: &[Plot], height: f64, left: f64) -> Layout {
    let none = || "none".to_owned();
    let theme = Theme {
        background: none(),
        axis_color: "var(--axis)".to_owned(),
        grid_color: "var(--rule)".to_owned(),
        tick_color: "var(--axis)".to_owned(),
        text_color: "var(--soft)".to_owned(),
        legend_bg: none(),
        legend_border: none(),
        font_family: Some("inherit".to_owned()),
        ..Theme::light()
    };
    Layout::auto_from_plots(plots)
        .with_width(WIDTH)
        .with_height(height)
        .with_theme(theme)
        .with_tick_size(12)
        .with_body_size(12)
        .with_force_margins(left, RIGHT_PX)
        .with_force_margins_y(TOP_PX, BOTTOM_PX)
}

/// The room that names need at the left of an axis, about: the reader's own font draws them.
fn width_px(names: impl Iterator<Item = String>) -> f64 {
    let chars = names.map(|name| name.chars().count()).max().unwrap_or(0);
    20.0 + 7.0 * chars as f64
}

/// Whole numbers only: half a prompt has no place at an axis.
fn counts() -> TickFormat {
    TickFormat::Custom(Arc::new(|value| {
        if value.fract() == 0.0 && value >= 0.0 {
            thousands(value as u64)
        } else {
            String::new()
        }
    }))
}

fn svg(id: &'static str, name: &'static str, plots: Vec<Plot>, layout: Layout) -> String {
    let mut scene = render_multiple(plots, layout);
    without_missing_cells(&mut scene);
    own_names(&mut scene, id);
    // The rules for what one points at are the page's: a style of the picture's own would have to
    // be allowed by name.
    scene.has_tooltips = false;
    scene.background_color = None;
    let drawn = SvgBackend::new().render_scene(&scene);
    let inside = drawn.split_once('>').map_or("", |(_, inside)| inside);
    let mut svg = String::with_capacity(inside.len() + 256);
    let _ = write!(
        svg,
        "<svg role=\"img\" aria-label=\"{name}\" viewBox=\"0 0 {} {}\" preserveAspectRatio=\"xMinYMin meet\" class=\"chart\">{inside}",
        scene.width, scene.height,
    );
    svg
}

/// A cell that is not there has no words, and no place in the picture.
fn without_missing_cells(scene: &mut Scene) {
    let mut missing = false;
    scene.elements.retain(|element| {
        match element {
            Primitive::GroupStart {
                title: Some(title), ..
            } if title.is_empty() => missing = true,
            Primitive::GroupEnd if missing => {
                missing = false;
                return false;
            }
            _ => {}
        }
        !missing
    });
}

/// Names inside a picture are names of the whole page, so two charts must not share one; and kuva
/// counts them on from chart to chart, so that the same report would not give the same bytes.
fn own_names(scene: &mut Scene, id: &str) {
    let mut at = 0;
    for element in &mut scene.elements {
        if let Primitive::ClipStart { id: name, .. } = element {
            let own = format!("{id}-{at}");
            for definition in &mut scene.defs {
                *definition =
                    definition.replace(&format!("id=\"{name}\""), &format!("id=\"{own}\""));
            }
            *name = own;
            at += 1;
        }
    }
}

/// Between two dollars kuva would look for mathematics.
fn plain(label: &str) -> String {
    label.replace('$', "\\$")
}

fn cut(name: &str) -> String {
    if name.chars().count() <= NAME_CHARS {
        return name.to_owned();
    }
    let head: String = name.chars().take(NAME_CHARS - 1).collect();
    format!("{head}…")
}
