//! Reads one user: follows chains of pages, cuts them, falls back where a filter is refused.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use hobbs_interaction::Page;
use tokio::time::{Instant, sleep_until};
use tracing::debug;
use url::Url;

use super::History;
use super::allowance::{Allowance, EXPECTED_COST};
use super::chain::{Chain, PAGE_SIZE, earliest};
use super::cut::{self, Extent, Progress, Remainder};
use super::filter::{self, AppFilter};
use super::gathered::{Gathered, PageFacts};
use super::keep::Keep;
use super::order::Order;
use super::rhythm::Rhythm;
use super::window::Window;
use crate::client::Client;
use crate::error::ReadError;
use crate::pace::Room;

/// Answers that come within a moment are judged together: an older page tells that a newer window is full. And
/// what can go out within a moment counts as what can go out now.
const MOMENT: Duration = Duration::from_millis(50);

/// So many cuts are looked at a second time, those of the longest windows first.
const SECOND_LOOKS_MIN: u32 = 3;
/// Who is read alone was cut before the first page, so that a dozen first pages have spoken for the order by then.
const SECOND_LOOKS_MIN_ALONE: u32 = 1;

/// How the reading of chains ended, if not well.
enum Trouble {
    Error(ReadError),
    /// 400 to the first page of a filtered window.
    FilterRefused(ReadError),
}

pub(super) async fn read<K: Keep>(
    client: &Client,
    allowance: &Allowance,
    user_id: &str,
    window: Window,
    apps: &AppFilter,
    keep: K,
) -> History<K::Kept> {
    let requests = AtomicU32::new(0);
    // Of this task alone, which polls one answer after the other: nobody ever waits for it.
    let gathered = Mutex::new(Gathered::new(window, apps, keep));
    let mut reading = Reading {
        client,
        allowance,
        user_id,
        window,
        apps,
        requests: &requests,
        gathered: &gathered,
        pages: 0,
        windows: 0,
        in_flight: InFlight::default(),
        cost_of_chains_read: 0.0,
        expected_cost: 0.0,
        newest_ms: None,
        oldest_ms: None,
        rhythm: Rhythm::default(),
        order: Order::default(),
        second_looks: 0,
        on_trust: Vec::new(),
    };
    let (result, filtered) = if window.is_empty() {
        (Ok(()), true)
    } else {
        reading.run().await
    };
    reading.settle();
    let (pages, windows) = (reading.pages, reading.windows);
    let gathered = gathered
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    History {
        items: gathered.items,
        unkept: gathered.unkept,
        timed_by_id: gathered.timed_by_id,
        pages,
        requests: requests.load(Relaxed),
        windows,
        filtered,
        result,
    }
}

/// What chains whose next page is on its way are expected to hold beyond it, and to cost beyond their pages.
#[derive(Default)]
struct InFlight {
    pages: f64,
    cost: f64,
}

impl InFlight {
    fn add(&mut self, chain: &Chain) {
        self.pages += (chain.expected_pages - 1.0).max(0.0);
        self.cost += chain.expected_cost();
    }

    fn remove(&mut self, chain: &Chain) {
        self.pages -= (chain.expected_pages - 1.0).max(0.0);
        self.cost -= chain.expected_cost();
    }
}

/// A page whose items were taken in.
struct Taken {
    facts: PageFacts,
    next_link: Option<String>,
}

struct Reading<'g, 'a, K: Keep> {
    client: &'a Client,
    allowance: &'a Allowance,
    user_id: &'a str,
    window: Window,
    apps: &'a AppFilter,
    requests: &'a AtomicU32,
    gathered: &'g Mutex<Gathered<'a, K>>,
    pages: u32,
    windows: u32,
    in_flight: InFlight,
    cost_of_chains_read: f64,
    /// As the allowance was last told.
    expected_cost: f64,
    /// Of all chains.
    newest_ms: Option<i64>,
    oldest_ms: Option<i64>,
    rhythm: Rhythm,
    order: Order,
    /// Asked for.
    second_looks: u32,
    /// Second looks that seemed needless; they are taken if the order breaks after all.
    on_trust: Vec<Chain>,
}

impl<'g, 'a, K: Keep> Reading<'g, 'a, K> {
    /// Reads the window; tells besides whether the service filtered.
    async fn run(&mut self) -> (Result<(), ReadError>, bool) {
        let filters = &self.client.inner.filters;
        let mut filtered = filters.worth_trying();
        let mut refusal: Option<ReadError> = None;
        loop {
            let outcome = self.read_chains(self.first_chains(filtered)).await;
            match (outcome, &refusal) {
                (Ok(()), _) => return (Ok(()), filtered),
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

    /// The window as a whole, or cut before anything is known of it.
    fn first_chains(&self, filtered: bool) -> Vec<Chain> {
        let mut pieces = Vec::new();
        if self.allowance.is_of_one_user() && filtered {
            pieces = cut::fan(self.window, self.client.inner.clock.now_ms());
        }
        if pieces.is_empty() {
            return vec![Chain::whole(self.window, filtered)];
        }
        pieces.into_iter().map(Chain::piece_of_a_fan).collect()
    }

    async fn read_chains(&mut self, first: Vec<Chain>) -> Result<(), Trouble> {
        let client = self.client;
        let (requests, gathered) = (self.requests, self.gathered);
        let is_fallback = first.iter().any(|chain| !chain.filtered);
        let fetch = |url: Url, chain: Chain| async move {
            let read = |body: &[u8]| {
                let mut page = Page::read(body).map_err(|error| error.to_string())?;
                let next_link = page.next_link.take();
                let mut gathered = gathered.lock().unwrap_or_else(PoisonError::into_inner);
                let facts = gathered.take(page);
                Ok(Taken { facts, next_link })
            };
            let page = client.get("interactions", &url, requests, read).await;
            (chain, page)
        };
        let mut on_the_way = FuturesUnordered::new();
        self.in_flight = InFlight::default();
        self.on_trust.clear();
        self.windows += u32::try_from(first.len()).unwrap_or(u32::MAX);
        for chain in first {
            self.in_flight.add(&chain);
            on_the_way.push(fetch(self.address(&chain), chain));
        }
        // Chains that go on. They are held until the pace has room: until then, more may become known.
        let mut held: Vec<Chain> = Vec::new();
        let mut look_at = Instant::now();
        loop {
            tokio::select! {
                biased;
                Some((chain, page)) = on_the_way.next() => {
                    if held.is_empty() {
                        look_at = Instant::now() + MOMENT;
                    }
                    self.in_flight.remove(&chain);
                    held.extend(self.take(chain, page, is_fallback)?);
                    if self.order.is_broken() {
                        held.append(&mut self.on_trust);
                    }
                    if on_the_way.is_empty() {
                        look_at = Instant::now();
                    }
                }
                () = sleep_until(look_at), if !held.is_empty() => {
                    // Not before what goes out now has gone: it would look like others' requests in line.
                    look_at = Instant::now() + MOMENT;
                    if !self.gathered().keep.has_room() {
                        continue;
                    }
                    let go = match client.inner.pace.room(MOMENT) {
                        Room::InLine => std::mem::take(&mut held),
                        Room::For(places) => self.share_out(&mut held, places),
                        Room::From(then) => {
                            look_at = then;
                            continue;
                        }
                    };
                    for chain in go {
                        self.in_flight.add(&chain);
                        on_the_way.push(fetch(self.address(&chain), chain));
                    }
                    self.expect(held.len());
                }
                else => return Ok(()),
            }
        }
    }

    /// Learns from a page, whose items were taken in as it was read; gives the chain back if it goes on.
    fn take(
        &mut self,
        mut chain: Chain,
        page: Result<Taken, ReadError>,
        is_fallback: bool,
    ) -> Result<Option<Chain>, Trouble> {
        let inner = &self.client.inner;
        let is_first_page = chain.next.is_none();
        let page = page.map_err(|error| match is_first_page {
            true => error.of_a_history(),
            false => error,
        });
        let Taken { facts, next_link } = match page {
            Ok(taken) => taken,
            Err(error @ ReadError::BadRequest(_)) if is_first_page && self.sends_filter(&chain) => {
                return Err(Trouble::FilterRefused(error));
            }
            Err(error) if !is_first_page && !error.concerns_everyone() => {
                return match error.graph_error() {
                    Some(refusal) => chain.begin_anew(refusal.clone()).map(Some),
                    None => Err(error),
                }
                .map_err(Trouble::Error);
            }
            Err(error) => return Err(Trouble::Error(error)),
        };
        if is_first_page && self.sends_filter(&chain) {
            inner.filters.accepted();
        } else if is_first_page && is_fallback {
            inner.filters.refused();
        }
        self.pages += 1;
        self.allowance.page();
        self.newest_ms = self.newest_ms.max(facts.newest_ms());
        self.oldest_ms = earliest(self.oldest_ms, facts.oldest_ms());
        self.order.note(&facts, &chain);
        chain.note(&facts);
        let Some(next_link) = next_link else {
            self.cost_of_chains_read += chain.cost();
            if is_fallback {
                inner.orders.learn(self.order);
            }
            return Ok(None);
        };
        self.rhythm.learn(&facts.moments_ms);
        if self.is_past_the_window(&chain, &facts) {
            return Ok(None);
        }
        chain
            .follow(self.client, &next_link)
            .map_err(Trouble::Error)?;
        Ok(Some(chain))
    }

    /// Takes as many chains from those held as there are places, the longest first. Where places are left, they
    /// are cut into more, as far as pages that are on their way leave them what is left.
    fn share_out(&mut self, held: &mut Vec<Chain>, places: usize) -> Vec<Chain> {
        self.expect(held.len());
        let mut by_length: Vec<(Option<Progress>, Chain)> = Vec::new();
        for mut chain in held.drain(..) {
            let progress = self.progress(&chain);
            chain.expected_pages = progress.as_ref().map_or(1.0, Progress::remaining_pages);
            by_length.push((progress, chain));
        }
        by_length.sort_by(|a, b| b.1.expected_pages.total_cmp(&a.1.expected_pages));
        let expected: f64 = by_length
            .iter()
            .map(|(_, chain)| chain.expected_pages)
            .sum();
        let later = by_length.split_off(places.min(by_length.len()));
        held.extend(later.into_iter().map(|(_, chain)| chain));
        let places_left = (places - by_length.len()) as f64;
        let share = expected / (expected + self.in_flight.pages.max(0.0)).max(1.0);
        let remainders: Vec<Remainder> = by_length
            .iter()
            .map(|(progress, chain)| self.remainder(progress.as_ref(), chain))
            .collect();
        let pieces = cut::pieces_each(
            &remainders,
            (places_left * share).round() as usize,
            self.allowance.to_spend(),
        );
        let (mut go, mut second_looks) = (Vec::new(), Vec::new());
        for ((progress, chain), pieces_max) in by_length.into_iter().zip(pieces) {
            let (pieces, may_be_empty) = progress.map_or_else(Default::default, |progress| {
                let pieces = cut::plan(&progress, pieces_max);
                (pieces, progress.may_be_empty())
            });
            if pieces.is_empty() {
                go.push(chain);
                continue;
            }
            self.windows += u32::try_from(pieces.len()).unwrap_or(u32::MAX) - 1;
            let pieces = pieces.into_iter();
            go.extend(pieces.map(|piece| Chain::piece(piece, may_be_empty)));
            if self.needs_second_looks() {
                self.second_looks += 1;
                self.windows += 1;
                second_looks.extend(chain.second_look());
            } else {
                self.on_trust.extend(chain.second_look());
            }
        }
        // Nothing waits for them.
        go.append(&mut second_looks);
        go
    }

    /// What a cut of this chain would be about: nothing, where it would only make it longer.
    fn remainder(&self, progress: Option<&Progress>, chain: &Chain) -> Remainder {
        match progress {
            Some(progress) if !self.order.is_broken() && chain.may_be_cut() => progress.remainder(),
            _ => Remainder::default(),
        }
    }

    /// Whether what was read has to be read again when it is cut. Not of a list that is sorted by nothing but time as
    /// far as one can see, after some were looked at for the order of time itself.
    fn needs_second_looks(&self) -> bool {
        let least = match self.allowance.is_of_one_user() {
            true => SECOND_LOOKS_MIN_ALONE,
            false => SECOND_LOOKS_MIN,
        };
        self.second_looks < least || !self.order.is_mixed()
    }

    /// Tells the allowance what this user is now expected to cost, with so many chains held. One that is cut into
    /// none would have had a last page as well.
    fn expect(&mut self, held: usize) {
        let open = self.in_flight.cost + EXPECTED_COST * held as f64;
        self.revise_cost(self.cost_of_chains_read + open - EXPECTED_COST);
    }

    /// Tells the allowance what this user did cost.
    fn settle(&mut self) {
        let rows = self.gathered().rows;
        let least = rows.div_ceil(PAGE_SIZE).max(1);
        let is_cut = self.windows > 1;
        let cost = f64::from(self.pages.saturating_sub(least));
        self.revise_cost(if is_cut { cost } else { 0.0 });
    }

    fn gathered(&self) -> MutexGuard<'g, Gathered<'a, K>> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn revise_cost(&mut self, cost: f64) {
        self.allowance.revise(self.expected_cost, cost);
        self.expected_cost = cost;
    }

    fn progress(&self, chain: &Chain) -> Option<Progress> {
        let older_is_known = match (self.oldest_ms, chain.window.from_ms) {
            (Some(oldest_ms), Some(from_ms)) => oldest_ms < from_ms,
            _ => false,
        };
        Some(Progress {
            from_ms: chain.window.from_ms,
            newest_ms: chain.newest_ms?,
            oldest_ms: chain.last_tenth_ms?,
            is_doubtful: self.needs_second_looks(),
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

    /// An unfiltered reading may stop once a whole page lies before the window, where pages come newest first: in this
    /// list, as far as it is read, and in another up to its end.
    fn is_past_the_window(&self, chain: &Chain, facts: &PageFacts) -> bool {
        let lies_before = match (facts.newest_ms(), self.window.from_ms) {
            (Some(newest_ms), Some(from_ms)) => newest_ms < from_ms,
            _ => false,
        };
        let may_stop = self.order.is_newest_first() && self.client.inner.orders.hold_to_the_end();
        !chain.filtered && lies_before && may_stop
    }

    fn sends_filter(&self, chain: &Chain) -> bool {
        self.filter_of(chain).is_some()
    }

    fn filter_of(&self, chain: &Chain) -> Option<String> {
        filter::text(chain.window, self.apps).filter(|_| chain.filtered)
    }

    /// The address of a chain's next page.
    fn address(&self, chain: &Chain) -> Url {
        if let Some(next) = &chain.next {
            return next.clone();
        }
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
