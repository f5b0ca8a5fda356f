//! How the workbook looks.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder};

use crate::verdicts::Verdict;

pub(super) const INK: Color = Color::RGB(0x1F2A44);
pub(super) const BLUE: Color = Color::RGB(0x2F6FDE);
pub(super) const AMBER: Color = Color::RGB(0xF2A93B);
pub(super) const GRAY: Color = Color::RGB(0x5F6B7A);
pub(super) const RULE: Color = Color::RGB(0xD5DBE3);
pub(super) const PALE: Color = Color::RGB(0xF3F6FB);

/// The color of a verdict, the same in every chart.
pub(super) fn verdict_color(verdict: Verdict) -> Color {
    match verdict {
        Verdict::Typed => BLUE,
        Verdict::Clicked => Color::RGB(0x8DBBF5),
        Verdict::Automatic => AMBER,
        Verdict::System => Color::RGB(0x77828F),
        Verdict::Noise => Color::RGB(0xC3CAD3),
        Verdict::Unknown => Color::RGB(0xA583D1),
    }
}

/// The formats that the sheets share.
#[derive(Debug, Clone)]
pub(super) struct Styles {
    /// The header of a table.
    pub header: Format,
    /// The header over numbers.
    pub header_right: Format,
    /// Text that looks like a formula: stays text even when the cell is edited.
    pub quoted: Format,
    /// A moment, UTC, to the millisecond.
    pub time: Format,
    /// A moment, UTC, to the minute.
    pub minute: Format,
    /// A day.
    pub day: Format,
    /// True or false, in words; programs other than Excel would show a number.
    pub flag: Format,
    /// A whole number.
    pub count: Format,
    /// Seconds with one decimal.
    pub seconds: Format,
    /// The head of a sheet.
    pub title: Format,
    /// What stands under it.
    pub subtitle: Format,
    /// Coverage, if whole.
    pub whole: Format,
    /// Coverage, if not.
    pub partial: Format,
    /// A small heading over a large number.
    pub tile_label: Format,
    /// The large number.
    pub tile_number: Format,
    /// What stands under it.
    pub tile_note: Format,
    /// The head of a part of the summary.
    pub section: Format,
    /// The header over a column of text of the summary.
    pub head: Format,
    /// The header over a column of numbers.
    pub head_right: Format,
    /// Text in the summary's lists.
    pub item: Format,
    /// Small print in the summary's lists.
    pub item_note: Format,
    /// The header over it.
    pub head_note: Format,
    /// A number in the summary's lists.
    pub item_count: Format,
    /// A share in the summary's lists.
    pub item_percent: Format,
    /// A day in the summary's lists.
    pub item_day: Format,
    /// Small print.
    pub note: Format,
    /// The sentence under the large numbers.
    pub sentence: Format,
    /// The header of a map of shaded cells.
    pub map_head: Format,
    /// A number in a map of shaded cells.
    pub map_count: Format,
    /// A share in a map of shaded cells.
    pub map_share: Format,
}

impl Styles {
    pub(super) fn new() -> Self {
        let line = |format: Format| {
            format
                .set_border_bottom(FormatBorder::Hair)
                .set_border_bottom_color(RULE)
        };
        let moment = |format: &str| {
            Format::new()
                .set_num_format(format)
                .set_align(FormatAlign::Left)
                .set_indent(1)
        };
        let head = Format::new()
            .set_bold()
            .set_font_color(GRAY)
            .set_font_size(9)
            .set_border_bottom(FormatBorder::Thin)
            .set_border_bottom_color(GRAY);
        let header = Format::new()
            .set_bold()
            .set_font_color(Color::White)
            .set_background_color(INK)
            .set_align(FormatAlign::VerticalCenter);
        let tile = Format::new()
            .set_background_color(PALE)
            .set_align(FormatAlign::Left)
            .set_indent(1);
        let banner = Format::new()
            .set_bold()
            .set_text_wrap()
            .set_align(FormatAlign::Left)
            .set_align(FormatAlign::VerticalCenter)
            .set_indent(1);
        let small = Format::new().set_font_color(GRAY).set_font_size(9);
        let sentence = banner.clone().set_font_size(12).set_font_color(INK);
        let map = Format::new()
            .set_font_size(9)
            .set_align(FormatAlign::Center)
            .set_border(FormatBorder::Thin)
            .set_border_color(Color::White);
        Styles {
            header: header.clone(),
            header_right: header.set_align(FormatAlign::Right),
            quoted: Format::new().set_quote_prefix(),
            time: moment("yyyy-mm-dd hh:mm:ss.000"),
            minute: moment("yyyy-mm-dd hh:mm"),
            day: moment("yyyy-mm-dd"),
            flag: Format::new()
                .set_num_format("\"TRUE\";\"TRUE\";\"FALSE\"")
                .set_align(FormatAlign::Left),
            count: Format::new().set_num_format("#,##0"),
            seconds: Format::new().set_num_format("#,##0.0"),
            title: Format::new()
                .set_bold()
                .set_font_size(18)
                .set_font_color(INK),
            subtitle: Format::new().set_font_color(GRAY),
            whole: banner
                .clone()
                .set_background_color(0xE3F3E6)
                .set_font_color(0x1B5E20),
            partial: banner
                .set_background_color(0xFFF0D6)
                .set_font_color(0x7A4100),
            tile_label: tile
                .clone()
                .set_font_color(GRAY)
                .set_font_size(10)
                .set_align(FormatAlign::Bottom),
            tile_number: tile
                .clone()
                .set_bold()
                .set_font_size(22)
                .set_font_color(INK)
                .set_num_format("#,##0")
                .set_align(FormatAlign::VerticalCenter),
            tile_note: tile
                .set_font_color(GRAY)
                .set_font_size(9)
                .set_align(FormatAlign::Top),
            section: Format::new()
                .set_bold()
                .set_font_size(13)
                .set_font_color(INK),
            head: head.clone(),
            head_note: head.clone().set_align(FormatAlign::Left).set_indent(1),
            head_right: head.set_align(FormatAlign::Right),
            item: line(Format::new()),
            item_note: line(small.clone().set_align(FormatAlign::Left).set_indent(1)),
            item_count: line(Format::new().set_num_format("#,##0")),
            item_percent: line(Format::new().set_num_format("0.00%")),
            item_day: line(
                Format::new()
                    .set_num_format("yyyy-mm-dd")
                    .set_align(FormatAlign::Left),
            ),
            sentence,
            map_head: small.clone().set_bold().set_align(FormatAlign::Center),
            map_count: map.clone().set_num_format("#,##0"),
            map_share: map.set_num_format("0%"),
            note: small,
        }
    }
}
