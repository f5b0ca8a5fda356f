//! The interaction history of one user.
//!
//! A window is asked for with a filter and read page by page. Once a page shows that there is more, and requests
//! are to spare, what remains is [`cut`] into windows that are read side by side, and these again as their pages
//! come. A user who is read alone is cut before the first page. Where a tenant refuses the filter, everything is
//! read and filtered at home.
//!
//! Whoever cuts a list drops the rest of it, since that should be older; and nobody promises that. So what was read
//! before a cut is read again as a window of its own, whose every page is new or known; once several such looks and the
//! pages themselves have shown that a list is sorted by time alone ([`order`]), the others are kept back until something
//! speaks against it. Without a filter the rest is left out only where that was seen, here and in a whole list.

pub(crate) mod allowance;
mod chain;
pub mod cut;
mod filter;
pub(crate) mod filter_memory;
mod gathered;
mod keep;
pub(crate) mod order;
mod reader;
pub mod rhythm;
mod window;

use hobbs_interaction::Unkept;

pub use filter::AppFilter;
pub use keep::{Keep, each};
pub use window::Window;

use allowance::Allowance;

use crate::client::Client;
use crate::error::ReadError;

/// What was read of one user. Each item stands once, with its latest etag. With an error in `result` the user is
/// not whole, but what was read is good.
#[derive(Debug)]
pub struct History<T> {
    /// The items inside the window, in no particular order.
    pub items: Vec<T>,
    /// Items that cannot be kept, counted. (Those without a time can come from outside the window.)
    pub unkept: Vec<(Unkept, u32)>,
    /// Of the items, those that came without a time and have that of their id.
    pub timed_by_id: u32,
    /// Pages read.
    pub pages: u32,
    /// Requests sent, failed attempts included.
    pub requests: u32,
    /// Windows that were read side by side; 1 without a cut.
    pub windows: u32,
    /// Whether the service filtered by time; else we did.
    pub filtered: bool,
    /// Whether all of the window was read.
    pub result: Result<(), ReadError>,
}

impl Client {
    /// Reads one user's interactions in a window, and gives what `keep` made of them. An item may come again with a
    /// later etag; what is kept of it then takes the earlier's place.
    pub async fn read_history<K: Keep>(
        &self,
        user_id: &str,
        window: Window,
        apps: &AppFilter,
        keep: K,
    ) -> History<K::Kept> {
        let allowance = &self.inner.allowance;
        reader::read(self, allowance, user_id, window, apps, keep).await
    }

    /// The same for a user besides whom nobody is read: the whole pace is theirs, and requests may be spent on
    /// speed. A long window is cut before anything is known of it, so that a light user costs a dozen requests.
    pub async fn read_history_alone<K: Keep>(
        &self,
        user_id: &str,
        window: Window,
        apps: &AppFilter,
        keep: K,
    ) -> History<K::Kept> {
        let allowance = &Allowance::of_one_user();
        reader::read(self, allowance, user_id, window, apps, keep).await
    }
}
