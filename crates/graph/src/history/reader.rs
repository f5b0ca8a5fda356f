//! Reads one user: follows chains of pages, cuts them, falls back where a filter is refused.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use hobbs_interaction::{AiInteraction, Page};
use tracing::debug;
use url::Url;

use super::History;
use super::cut::{self, Extent, Piece, Progress};
use super::filter::{self, AppFilter};
use super::gathered::{Gathered, PageFacts};
use super::rhythm::Rhythm;
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
    extent: Extent,
    /// Pages still to come, as far as one can tell.
    expected_pages: f64,
    pages: u32,
    rows: u32,
    barren_pages: u32,
    newest_ms: Option<i64>,
    oldest_ms: Option<i64>,
    followed: HashSet<u64>,
}

impl Chain {
    fn whole(window: Window, filtered: bool) -> Self {
        Self {
            window,
            filtered,
            extent: Extent::Asked,
            expected_pages: 1.0,
            pages: 0,
            rows: 0,
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
        self.rows += facts.rows;
        self.barren_pages = if facts.new_items == 0 {
            self.barren_pages + 1
        } else {
            0
        };
        self.newest_ms = self.newest_ms.or(facts.newest_ms);
        self.oldest_ms = earliest(self.oldest_ms, facts.oldest_ms);
        facts.is_newest_first && continues_downwards
    }

    /// Whether the service fills its pages. Where it gives few rows and a link, it works in a way that we don't
    /// know, and cuts would be guesses.
    fn has_full_pages(&self) -> bool {
        self.rows >= self.pages * PAGE_SIZE / 2
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

    fn piece(piece: Piece) -> Self {
        Self {
            extent: Extent::Unknown,
            expected_pages: piece.pages,
            ..Self::whole(piece.window, true)
        }
    }
}

fn earliest(one_ms: Option<i64>, other_ms: Option<i64>) -> Option<i64> {
    one_ms.into_iter().chain(other_ms).min()
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
        newest_ms: None,
        oldest_ms: None,
        rhythm: Rhythm::default(),
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
    /// Of all chains.
    newest_ms: Option<i64>,
    oldest_ms: Option<i64>,
    rhythm: Rhythm,
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
            let outcome = self.read_chains(Chain::whole(self.window, filtered)).await;
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
        let mut expected_in_flight = first.expected_pages;
        in_flight.push(fetch(self.address(&first), first));
        while let Some(answer) = in_flight.next().await {
            // Answers that came together are judged together: an older page tells that a newer window is full.
            let mut answers = vec![answer];
            while let Some(Some(answer)) = in_flight.next().now_or_never() {
                answers.push(answer);
            }
            let mut unfinished = Vec::new();
            for (chain, page) in answers {
                expected_in_flight -= chain.expected_pages;
                unfinished.extend(self.take(chain, page, is_fallback)?);
            }
            for (address, chain) in self.share_out(unfinished, expected_in_flight) {
                expected_in_flight += chain.expected_pages;
                in_flight.push(fetch(address, chain));
            }
        }
        Ok(())
    }

    /// Takes a page in; gives the chain back, with the address of its next page, if it goes on.
    fn take(
        &mut self,
        mut chain: Chain,
        page: Result<Page, ReadError>,
        is_fallback: bool,
    ) -> Result<Option<(Url, Chain)>, Trouble> {
        let inner = &self.client.inner;
        let is_first_page = chain.pages == 0;
        let page = match page {
            Ok(page) => page,
            Err(error @ ReadError::BadRequest(_)) if is_first_page && self.sends_filter(&chain) => {
                return Err(Trouble::FilterRefused(error));
            }
            Err(error) => return Err(Trouble::Error(error)),
        };
        if is_first_page && self.sends_filter(&chain) {
            inner.filters.accepted();
        } else if is_first_page && is_fallback {
            inner.filters.refused();
        }
        let next_link = page.next_link.clone();
        let facts = self.gathered.take(page);
        self.pages += 1;
        inner.allowance.page();
        self.newest_ms = self.newest_ms.max(facts.newest_ms);
        self.oldest_ms = earliest(self.oldest_ms, facts.oldest_ms);
        self.in_order &= chain.note(facts);
        if !self.in_order && self.windows > 1 && self.may_cut {
            return Err(Trouble::OutOfOrder);
        }
        let Some(next_link) = next_link else {
            return Ok(None);
        };
        if let (Some(newest_ms), Some(oldest_ms)) = (facts.newest_ms, facts.oldest_ms) {
            self.rhythm
                .learn(oldest_ms, newest_ms, facts.rows, facts.weekend_rows);
        }
        if self.is_past_the_window(&chain, facts) {
            return Ok(None);
        }
        let next = chain
            .follow(self.client, &next_link)
            .map_err(Trouble::Error)?;
        Ok(Some((next, chain)))
    }

    /// Gives each unfinished chain its share of the windows to spare, the longest first: chains are cut, or go on
    /// as they are.
    fn share_out(
        &mut self,
        unfinished: Vec<(Url, Chain)>,
        expected_in_flight: f64,
    ) -> Vec<(Url, Chain)> {
        let inner = &self.client.inner;
        let mut by_length: Vec<(Option<Progress>, Url, Chain)> = Vec::new();
        for (next, mut chain) in unfinished {
            let progress = self.progress(&chain);
            chain.expected_pages = progress.as_ref().map_or(1.0, cut::remaining_pages);
            by_length.push((progress, next, chain));
        }
        by_length.sort_by(|a, b| b.2.expected_pages.total_cmp(&a.2.expected_pages));
        let mut expected: f64 = expected_in_flight.max(0.0)
            + by_length
                .iter()
                .map(|entry| entry.2.expected_pages)
                .sum::<f64>();
        let may_cut = self.may_cut && self.in_order;
        let mut idle = if may_cut {
            inner.pace.snapshot().idle
        } else {
            0
        };
        let mut requests = Vec::new();
        for (progress, next, chain) in by_length {
            let to_spare = inner.allowance.windows().min(idle) as f64;
            let share = chain.expected_pages / expected.max(1.0);
            let windows_max = 1 + (to_spare * share).round() as usize;
            expected -= chain.expected_pages;
            let pieces = match progress {
                Some(progress) if chain.filtered && chain.has_full_pages() => {
                    cut::plan(&progress, windows_max)
                }
                _ => Vec::new(),
            };
            if pieces.is_empty() {
                requests.push((next, chain));
                continue;
            }
            let open = chain.window.from_ms.is_none();
            self.reserved += inner.allowance.reserve(pieces.len(), open);
            self.windows += u32::try_from(pieces.len()).unwrap_or(u32::MAX) - 1;
            idle = idle.saturating_sub(pieces.len() - 1);
            for piece in pieces {
                let chain = Chain::piece(piece);
                requests.push((self.address(&chain), chain));
            }
        }
        requests
    }

    fn progress(&self, chain: &Chain) -> Option<Progress> {
        let older_is_known = match (self.oldest_ms, chain.window.from_ms) {
            (Some(oldest_ms), Some(from_ms)) => oldest_ms < from_ms,
            _ => false,
        };
        Some(Progress {
            from_ms: chain.window.from_ms,
            newest_ms: chain.newest_ms?,
            oldest_ms: chain.oldest_ms?,
            pages: chain.pages,
            history_newest_ms: self.newest_ms?,
            rhythm: self.rhythm,
            extent: if older_is_known {
                Extent::Full
            } else {
                chain.extent
            },
        })
    }

    /// An unfiltered reading may stop once a whole page lies before the window, as pages come newest first.
    fn is_past_the_window(&self, chain: &Chain, facts: PageFacts) -> bool {
        let lies_before = match (facts.newest_ms, self.window.from_ms) {
            (Some(newest_ms), Some(from_ms)) => newest_ms < from_ms,
            _ => false,
        };
        !chain.filtered && self.in_order && lies_before
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
