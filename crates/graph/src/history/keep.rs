//! What becomes of the items that are read.

use hobbs_interaction::AiInteraction;

/// Keeps what it wants of items, page by page: so texts need not pile up, and may be borrowed from the page until
/// then. A function of a page's items is one, which always has room.
pub trait Keep {
    /// What is kept of an item.
    type Kept;

    /// Turns the items of a page into what is kept of each, in their order, as soon as the page is read.
    fn keep(&mut self, items: Vec<AiInteraction<'_>>) -> Vec<Self::Kept>;

    /// Whether there is room for more. No further page is asked for until there is; it is asked again every moment.
    fn has_room(&self) -> bool {
        true
    }
}

impl<F, T> Keep for F
where
    F: FnMut(Vec<AiInteraction<'_>>) -> Vec<T>,
{
    type Kept = T;

    fn keep(&mut self, items: Vec<AiInteraction<'_>>) -> Vec<T> {
        self(items)
    }
}

/// Keeps what `keep` makes of each item.
pub fn each<T>(
    mut keep: impl FnMut(AiInteraction<'_>) -> T,
) -> impl FnMut(Vec<AiInteraction<'_>>) -> Vec<T> {
    move |items| items.into_iter().map(&mut keep).collect()
}
