//! A user's history over pages that the fuzzer made up: windows, links, duplicates, damage.
#![no_main]

use std::collections::HashMap;
use std::sync::Arc;

use hobbs_fuzz::service::{Answer, Service, bodies, talk};
use hobbs_graph::{AppFilter, Window, each};
use hobbs_interaction::{AiInteraction, Page};
use libfuzzer_sys::fuzz_target;

/// 2024-11-01 to 2025-01-01: what the samples are in.
const WINDOW: Window = Window::between(1_730_419_200_000, 1_735_689_600_000);

fuzz_target!(|input: &[u8]| {
    let bodies = bodies(input);
    for window in [Window::all(), WINDOW] {
        let answers = bodies.iter().map(|body| Answer::good(body)).collect();
        let service = Arc::new(Service::answering(answers));
        let history = talk(&service, async |client| {
            client
                .read_history(
                    "u",
                    window,
                    &AppFilter::all(),
                    each(|item| item.into_owned()),
                )
                .await
        });
        let asked = service.requests().len();
        assert_eq!(history.requests as usize, asked);
        // Each answer is one page at most; then comes a 404, to each window that is read side by side: to its link,
        // and to its first page, with which it begins anew.
        assert!(asked <= bodies.len() + 2 * history.windows as usize);
        let mut etags = HashMap::new();
        for item in &history.items {
            assert!(window.contains(item.created_at_ms));
            let key = (item.session_id.clone(), item.id.clone());
            assert_eq!(etags.insert(key, item.etag.clone()), None, "an item twice");
        }
        // Read to the end without a cut, nothing is missing, and nothing is kept of which there was a later state.
        if history.result.is_err() || history.windows > 1 {
            continue;
        }
        let served = bodies.iter().take(asked).flat_map(|body| Page::read(body));
        for item in served.flat_map(|page| page.items) {
            if !window.contains(item.created_at_ms) {
                continue;
            }
            let kept = etags.get(&(item.session_id, item.id));
            let kept = kept.expect("an item is missing");
            if let (Ok(kept), Ok(etag)) = (kept.parse::<u64>(), item.etag.parse::<u64>()) {
                assert!(kept >= etag || !are_numbers(&history.items));
            }
        }
    }
});

/// Whether all etags are numbers: among others, "later" has no one meaning.
fn are_numbers(items: &[AiInteraction<'_>]) -> bool {
    items.iter().all(|item| item.etag.parse::<u64>().is_ok())
}
