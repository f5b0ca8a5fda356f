//! What a rule looks at: the rows of one exchange, or one row of it.

use crate::evidence::{Evidence, Part};

/// Some rows of one exchange, in order.
#[derive(Clone, Copy)]
pub(crate) struct Case<'c, 'a> {
    pub(crate) rows: &'c [Evidence<'a>],
    /// Places in `rows`; at least one.
    pub(crate) parts: &'c [usize],
    /// The row that app, class and surface are taken from.
    pub(crate) lead: &'c Evidence<'a>,
    /// Where one row is looked at by itself.
    pub(crate) alone: Option<Alone>,
}

/// What of a single row its neighbours tell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alone {
    pub(crate) repeat_us: Option<i64>,
    pub(crate) is_followed: bool,
}

impl<'c, 'a> Case<'c, 'a> {
    pub(crate) fn parts(&self) -> impl Iterator<Item = &'c Evidence<'a>> + use<'c, 'a> {
        let rows = self.rows;
        self.parts.iter().map(move |place| &rows[*place])
    }

    pub(crate) fn of(&self, part: Part) -> impl Iterator<Item = &'c Evidence<'a>> + use<'c, 'a> {
        self.parts().filter(move |row| row.part == part)
    }

    pub(crate) fn prompts(&self) -> impl Iterator<Item = &'c Evidence<'a>> + use<'c, 'a> {
        self.of(Part::Prompt)
    }

    pub(crate) fn has(&self, part: Part) -> bool {
        self.of(part).next().is_some()
    }
}
