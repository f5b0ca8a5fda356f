//! Reads one user: follows chains of pages, cuts them, falls back where a filter is refused.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use hobbs_interaction::{AiInteraction, Page};
use tracing::debug;
use url::Url;

use super::History;
use super::cut::{self, Progress};
use super::filter::{self, AppFilter};
use super::gathered::{Gathered, PageFacts};
use super::window::Window;
use crate::client::Client;
use crate::error::ReadError;
use crate::next_link::NextLink;

/// Pages of one chain. A user with ten million interactions would come near.
const PAGES_MAX: u32 = 100_000;
/// Pages in a row without a new item before we call it a circle. Empty pages with a link are legal.
const BARREN_PAGES_MAX: u32 = 1_000;
const PAGE_SIZE: u32 = 100;

/// A window that is read by following its links.
struct Chain {
    window: Window,
    /// Whether the service may be asked to filter; if not, all is read from the newest on.
    filtered: bool,
    pages: u32,
    barren_pages: u32,
    newest_ms: Option<i64>,
    oldest_ms: Option<i64>,
    followed: HashSet<u64>,
}

impl Chain {
    fn new(window: Window, filtered: bool) -> Self {
        Self {
            window,
            filtered,
            pages: 0,
            barren_pages: 0,
            newest_ms: None,
            oldest_ms: None,
            followed: HashSet::new(),
        }
    }

    /// Takes in what a page said; false where the page is not in order.
    fn note(&mut self, facts: PageFacts) -> bool {
        let continues_downwards = match (facts.newest_new_ms, self.oldest_ms) {
            (Some(newest_ms), Some(oldest_ms)) => newest_ms <= oldest_ms,
            _ => true,
        };
        self.pages += 1;
        self.barren_pages = if facts.new_items == 0 {
            self.barren_pages + 1
        } else {
            0
        };
        self.newest_ms = self.newest_ms.or(facts.newest_ms);
        self.oldest_ms = match (self.oldest_ms, facts.oldest_ms) {
            (Some(before_ms), Some(now_ms)) => Some(before_ms.min(now_ms)),
            (before, now) => before.or(now),
        };
        facts.is_newest_first && continues_downwards
    }

    /// The address of the next page, or what is wrong with it.
    fn follow(&mut self, client: &Client, text: &str) -> Result<Url, ReadError> {
        let link = NextLink::check(text, &client.inner.endpoints.graph)?;
        let is_circle = !self.followed.insert(link.fingerprint());
        if is_circle || self.pages >= PAGES_MAX || self.barren_pages >= BARREN_PAGES_MAX {
            return Err(ReadError::LoopingNextLink { pages: self.pages });
        }
        Ok(link.url().clone())
    }

    fn progress(&self) -> Option<Progress> {
        Some(Progress {
            from_ms: self.window.from_ms,
            newest_ms: self.newest_ms?,
            oldest_ms: self.oldest_ms?,
            pages: self.pages,
        })
    }
}

/// How the reading of chains ended, if not well.
enum Trouble {
    Error(ReadError),
    /// 400 to the first page of a filtered window.
    FilterRefused(ReadError),
    /// A cut was made on the strength of an order that does not hold.
    OutOfOrder,
}

pub(super) async fn read<T>(
    client: &Client,
    user_id: &str,
    window: Window,
    apps: &AppFilter,
    keep: impl FnMut(AiInteraction) -> T,
) -> History<T> {
    let requests = AtomicU32::new(0);
    let mut reading = Reading {
        client,
        user_id,
        window,
        apps,
        requests: &requests,
        gathered: Gathered::new(window, apps, keep),
        pages: 0,
        windows: 0,
        reserved: 0.0,
        may_cut: true,
        in_order: true,
    };
    let (result, filtered) = if window.is_empty() {
        (Ok(()), true)
    } else {
        reading.run().await
    };
    let least = reading.gathered.rows.div_ceil(PAGE_SIZE).max(1);
    client
        .inner
        .allowance
        .settle(reading.reserved, reading.pages, least);
    History {
        items: reading.gathered.items,
        unkept: reading.gathered.unkept,
        pages: reading.pages,
        requests: requests.load(Relaxed),
        windows: reading.windows,
        filtered,
        result,
    }
}

struct Reading<'a, T, K> {
    client: &'a Client,
    user_id: &'a str,
    window: Window,
    apps: &'a AppFilter,
    requests: &'a AtomicU32,
    gathered: Gathered<'a, T, K>,
    pages: u32,
    windows: u32,
    reserved: f64,
    may_cut: bool,
    in_order: bool,
}

impl<T, K: FnMut(AiInteraction) -> T> Reading<'_, T, K> {
    /// Reads the window; tells besides whether the service filtered.
    async fn run(&mut self) -> (Result<(), ReadError>, bool) {
        let filters = &self.client.inner.filters;
        let mut filtered = filters.worth_trying();
        let mut refusal: Option<ReadError> = None;
        loop {
            let outcome = self.read_chains(Chain::new(self.window, filtered)).await;
            match (outcome, &refusal) {
                (Ok(()), _) => return (Ok(()), filtered),
                (Err(Trouble::OutOfOrder), _) => {
                    debug!("pages out of order: this user is read again without cuts");
                    self.may_cut = false;
                }
                (Err(Trouble::FilterRefused(error)), _) => {
                    debug!("a filter was refused: reading without");
                    refusal = Some(error);
                    filtered = false;
                }
                // Without a filter it is a bad request as well: the first refusal was about something else.
                (Err(Trouble::Error(ReadError::BadRequest(_))), Some(first)) => {
                    return (Err(first.clone()), true);
                }
                (Err(Trouble::Error(error)), _) => return (Err(error), filtered),
            }
        }
    }

    async fn read_chains(&mut self, first: Chain) -> Result<(), Trouble> {
        let client = self.client;
        let requests = self.requests;
        let is_fallback = !first.filtered;
        let fetch = |url: Url, chain: Chain| async move {
            let read = |body: &[u8]| Page::read(body).map_err(|error| error.to_string());
            let page = client.get("interactions", &url, requests, read).await;
            (chain, page)
        };
        let mut in_flight = FuturesUnordered::new();
        self.windows += 1;
        in_flight.push(fetch(self.address(&first), first));
        while let Some((mut chain, page)) = in_flight.next().await {
            let is_first_page = chain.pages == 0;
            let page = match page {
                Ok(page) => page,
                Err(error @ ReadError::BadRequest(_))
                    if is_first_page && self.sends_filter(&chain) =>
                {
                    return Err(Trouble::FilterRefused(error));
                }
                Err(error) => return Err(Trouble::Error(error)),
            };
            if is_first_page && self.sends_filter(&chain) {
                client.inner.filters.accepted();
            } else if is_first_page && is_fallback {
                client.inner.filters.refused();
            }
            let next_link = page.next_link.clone();
            let facts = self.gathered.take(page);
            self.pages += 1;
            client.inner.allowance.page();
            self.in_order &= chain.note(facts);
            if !self.in_order && self.windows > 1 && self.may_cut {
                return Err(Trouble::OutOfOrder);
            }
            let Some(next_link) = next_link else { continue };
            if self.is_past_the_window(&chain, facts) {
                continue;
            }
            let next = chain.follow(client, &next_link).map_err(Trouble::Error)?;
            let pieces = self.cut(&chain);
            if pieces.is_empty() {
                in_flight.push(fetch(next, chain));
            }
            for piece in pieces {
                in_flight.push(fetch(self.address(&piece), piece));
            }
        }
        Ok(())
    }

    /// An unfiltered reading may stop once a whole page lies before the window, as pages come newest first.
    fn is_past_the_window(&self, chain: &Chain, facts: PageFacts) -> bool {
        let lies_before = match (facts.newest_ms, self.window.from_ms) {
            (Some(newest_ms), Some(from_ms)) => newest_ms < from_ms,
            _ => false,
        };
        !chain.filtered && self.in_order && lies_before
    }

    /// What remains of a chain, cut, if that is possible, allowed and worth it.
    fn cut(&mut self, chain: &Chain) -> Vec<Chain> {
        if !(chain.filtered && self.may_cut && self.in_order) {
            return Vec::new();
        }
        let inner = &self.client.inner;
        let idle = inner.pace.snapshot().idle;
        let windows_max = inner.allowance.windows().min(idle) + 1;
        let windows = chain
            .progress()
            .map(|progress| cut::plan(progress, windows_max))
            .unwrap_or_default();
        if !windows.is_empty() {
            self.reserved += inner.allowance.reserve(windows.len());
            self.windows += u32::try_from(windows.len()).unwrap_or(u32::MAX) - 1;
        }
        windows
            .into_iter()
            .map(|window| Chain::new(window, true))
            .collect()
    }

    fn sends_filter(&self, chain: &Chain) -> bool {
        self.filter_of(chain).is_some()
    }

    fn filter_of(&self, chain: &Chain) -> Option<String> {
        filter::text(chain.window, self.apps).filter(|_| chain.filtered)
    }

    fn address(&self, chain: &Chain) -> Url {
        let path = [
            "v1.0",
            "copilot",
            "users",
            self.user_id,
            "interactionHistory",
            "getAllEnterpriseInteractions",
        ];
        let filter = self.filter_of(chain);
        let mut query = vec![("$top", "100")];
        if let Some(filter) = &filter {
            query.push(("$filter", filter));
        }
        self.client.inner.endpoints.graph.at(&path, &query)
    }
}
