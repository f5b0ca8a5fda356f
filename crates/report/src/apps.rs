//! Apps as people know them: the classes that share a name stand together.

use std::collections::HashMap;

use crate::summary::{Counts, Summary};
use crate::verdicts::ByVerdict;

/// One app with all its classes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct App<'a> {
    pub app: &'a str,
    /// Graph's classes, raw, the largest first.
    pub classes: Vec<&'a str>,
    pub counts: Counts,
    /// None where the lake has no verdicts.
    pub exchanges: Option<ByVerdict>,
}

impl App<'_> {
    /// The classes in one cell.
    pub(crate) fn classes(&self) -> String {
        self.classes.join("; ")
    }

    /// What [`share_head`] says: the app's part, and the whole.
    pub(crate) fn share(&self, summary: &Summary) -> (u64, u64) {
        match (&self.exchanges, &summary.verdicts) {
            (Some(own), Some(verdicts)) => (own.total(), verdicts.headline.exchanges.total()),
            _ => (self.counts.total, summary.rows.counts.total),
        }
    }
}

/// Of what an app's share is one: of what the columns before it count.
pub(crate) fn share_head(summary: &Summary) -> &'static str {
    match summary.verdicts {
        Some(_) => "Of exchanges",
        None => "Of interactions",
    }
}

/// By app, the largest first.
pub(crate) fn apps(summary: &Summary) -> Vec<App<'_>> {
    let mut named = Named {
        apps: Vec::new(),
        places: HashMap::new(),
        with_exchanges: summary.verdicts.is_some(),
    };
    for entry in &summary.apps {
        named
            .app(&entry.app, Some(&entry.app_class))
            .counts
            .add(&entry.counts);
    }
    for entry in summary.verdicts.iter().flat_map(|verdicts| &verdicts.apps) {
        if let Some(exchanges) = &mut named.app(&entry.app, None).exchanges {
            exchanges.add(&entry.exchanges);
        }
    }
    let mut apps = named.apps;
    let size = |app: &App<'_>| (app.exchanges.map(|own| own.total()), app.counts.total);
    apps.sort_by_key(|app| std::cmp::Reverse(size(app)));
    apps
}

/// Apps by name, while they are gathered.
struct Named<'a> {
    apps: Vec<App<'a>>,
    places: HashMap<&'a str, usize>,
    with_exchanges: bool,
}

impl<'a> Named<'a> {
    /// The app of this name, with this class among its own.
    fn app(&mut self, name: &'a str, class: Option<&'a str>) -> &mut App<'a> {
        let next = self.apps.len();
        let at = *self.places.entry(name).or_insert(next);
        if at == next {
            self.apps.push(App {
                app: name,
                classes: Vec::new(),
                counts: Counts::default(),
                exchanges: self.with_exchanges.then(ByVerdict::default),
            });
        }
        let app = &mut self.apps[at];
        if let Some(class) = class.filter(|class| !app.classes.contains(class)) {
            app.classes.push(class);
        }
        app
    }
}
