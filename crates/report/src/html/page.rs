//! What the template prints.

use askama::Template;

use crate::apps::apps;
use crate::summary::Summary;
use crate::table::{coverage_line, sentence_lines};
use crate::terminal::visible;
use crate::verdicts::{Verdict, VerdictFigures};
use crate::words::{
    NO_VERDICTS, about, minute, not_judged, own_will, responses_to_prompts, share, thousands,
};

use super::figures::{self, Figure};
use super::people;
use super::sections::{self, Section};
use super::tables::{self, Table};
use super::{SCRIPT, STYLE, policy};

/// The page.
#[derive(Template)]
#[template(path = "report.html")]
pub(super) struct Page {
    policy: String,
    style: &'static str,
    script: &'static str,
    about: String,
    made: String,
    /// Every user has been read whole.
    whole: bool,
    coverage: String,
    lead: Option<Lead>,
    no_verdicts: &'static str,
    sentences: Vec<String>,
    responses_to_prompts: &'static str,
    figures: Vec<Figure>,
    tables: Vec<Table>,
    people: Option<Table>,
    sections: Vec<Section>,
    gaps: Option<Table>,
    version: &'static str,
}

/// The figures by verdict.
struct Lead {
    tiles: Vec<Tile>,
    others: Vec<Tile>,
    own_will: String,
    not_judged: Option<String>,
    rules: String,
}

struct Tile {
    verdict: Verdict,
    count: String,
    share: String,
}

impl Page {
    pub(super) fn of(summary: &Summary) -> Self {
        let apps = apps(summary);
        let some = summary.rows.counts.total > 0;
        let mut drawn = Vec::new();
        if let Some(verdicts) = &summary.verdicts {
            drawn.extend(figures::by_week(verdicts));
            drawn.extend(figures::by_app(&apps));
            drawn.extend(figures::distribution(summary, verdicts));
            drawn.extend(figures::hours(verdicts));
            drawn.extend(figures::retention(verdicts));
        }
        let mut lists = Vec::new();
        if some {
            lists.push(tables::apps(summary, &apps));
            lists.extend(tables::departments(summary));
            lists.push(tables::days(summary));
            lists.extend(tables::marks(summary));
        }
        let mut sentences = sentence_lines(summary);
        if !some {
            sentences.push("no interactions".to_owned());
        }
        Page {
            policy: policy(),
            style: STYLE,
            script: SCRIPT,
            about: visible(&about(summary)).into_owned(),
            made: minute(summary.generated_at),
            whole: summary.coverage.whole,
            coverage: coverage_line(summary),
            lead: summary.verdicts.as_ref().map(Lead::of),
            no_verdicts: NO_VERDICTS,
            sentences,
            responses_to_prompts: responses_to_prompts(summary),
            figures: drawn,
            tables: lists,
            people: (!summary.users.is_empty()).then(|| people::people(summary)),
            sections: vec![
                sections::reconciliation(&summary.reconciliation),
                sections::licenses(&summary.licenses),
            ],
            gaps: people::gaps(summary),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

impl Lead {
    fn of(verdicts: &VerdictFigures) -> Self {
        let tile = |verdict: &Verdict| Tile {
            verdict: *verdict,
            count: thousands(verdicts.headline.exchanges.of(*verdict)),
            share: share(verdicts, *verdict),
        };
        let (tiles, others) = Verdict::ALL.split_at(Verdict::LEADING.len());
        Lead {
            tiles: tiles.iter().map(tile).collect(),
            others: others.iter().map(tile).collect(),
            own_will: own_will(verdicts),
            not_judged: not_judged(verdicts.not_judged),
            rules: visible(&verdicts.rules).into_owned(),
        }
    }
}
