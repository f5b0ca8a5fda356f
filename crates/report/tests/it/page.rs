//! The HTML page, read back as a browser's tokenizer would.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hobbs_report::verdicts::ByVerdict;
use hobbs_report::{Scope, Style, Summary, html, summarize, table};
use proptest::prelude::*;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::memory::Memory;
use crate::{drawn, now, population, prompt};

/// Whatever a page of ours may be made of; nothing of it loads, runs or leads anywhere.
const TAGS: [&str; 46] = [
    "!doctype",
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "header",
    "main",
    "section",
    "h1",
    "h2",
    "p",
    "span",
    "dl",
    "div",
    "dt",
    "dd",
    "ul",
    "li",
    "figure",
    "figcaption",
    "svg",
    "defs",
    "clippath",
    "g",
    "rect",
    "line",
    "text",
    "path",
    "details",
    "summary",
    "table",
    "caption",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "small",
    "footer",
    "script",
    "!--",
    "br",
    "polyline",
    "circle",
];
const ATTRIBUTES: [&str; 42] = [
    "html",
    "lang",
    "charset",
    "http-equiv",
    "content",
    "name",
    "class",
    "aria-label",
    "aria-hidden",
    "role",
    "viewbox",
    "preserveaspectratio",
    "id",
    "x",
    "y",
    "width",
    "height",
    "fill",
    "stroke",
    "stroke-width",
    "x1",
    "x2",
    "y1",
    "y2",
    "text-anchor",
    "font-size",
    "clip-path",
    "transform",
    "tabindex",
    "scope",
    "data-filter",
    "opacity",
    "fill-opacity",
    "d",
    "font-family",
    "dominant-baseline",
    "font-weight",
    "rx",
    "ry",
    "points",
    "dy",
    "dx",
];

fn summary(memory: &Memory) -> Summary {
    futures::executor::block_on(summarize(memory, &Scope::default(), now())).unwrap()
}

/// A report of `users` users with drawn verdicts.
fn drawn_summary(users: u64) -> Summary {
    let mut summary = summary(&population::source(users * 8, users, 0));
    summary.verdicts = Some(drawn::verdicts(&summary, 12));
    summary
}

/// The tags of a page, each with the names of its attributes; what stands inside `style` and
/// `script` is skipped, as it is by browsers.
fn tags(page: &str) -> Vec<(String, Vec<String>)> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->").expect("an open comment").1;
            continue;
        }
        let end = tag_end(rest);
        let inside = &rest[..end];
        rest = &rest[end + 1..];
        let name: String = inside
            .trim_start_matches('/')
            .chars()
            .take_while(|c| !c.is_whitespace() && *c != '/')
            .collect::<String>()
            .to_lowercase();
        let closes = inside.starts_with('/');
        tags.push((name.clone(), attributes(inside)));
        if !closes && (name == "style" || name == "script") {
            rest = &rest[rest.find(&format!("</{name}")).expect("no end")..];
        }
    }
    tags
}

/// Where a tag ends: at the first ">" outside of quotes.
fn tag_end(text: &str) -> usize {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return at,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
    }
    panic!("a tag without an end: {:.80}", text)
}

fn attributes(tag: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut quoted = false;
    let mut bare = String::new();
    for c in tag.chars() {
        if c == '"' {
            quoted = !quoted;
        }
        bare.push(if quoted { '_' } else { c });
    }
    for part in bare.split_whitespace().skip(1) {
        let name = part.split('=').next().unwrap_or_default().trim_matches('/');
        if !name.is_empty() {
            names.push(name.to_lowercase());
        }
    }
    names
}

pub fn assert_harmless(page: &str) {
    for (name, attributes) in tags(page) {
        assert!(TAGS.contains(&name.as_str()), "a tag <{name}>");
        for attribute in attributes {
            assert!(
                ATTRIBUTES.contains(&attribute.as_str()),
                "<{name} {attribute}>"
            );
        }
    }
    assert_eq!(page.matches("<script>").count(), 1);
    assert_eq!(page.matches("<style>").count(), 1);
    assert!(
        page.chars().all(|c| c == '\n' || !c.is_control()),
        "a control character"
    );
    assert!(
        !page.contains(['\u{202e}', '\u{2066}']),
        "a turn of direction"
    );
}

/// A report in which every text that a tenant gives is `text`.
pub fn hostile(text: &str) -> Summary {
    let mut row = prompt(0, "a");
    row.app = text.to_owned();
    row.app_class = text.to_owned();
    row.mark = Some(text.to_owned());
    let mut memory = Memory::of(vec![row]);
    memory.people = vec![json!({
        "user_id": "u1", "user_principal_name": text, "display_name": text, "department": text,
        "job_title": text, "country": text, "state": text, "licensed": true,
    })];
    memory
        .people
        .push(json!({"user_id": "u2", "display_name": text, "licensed": true}));
    memory.failures = vec![json!({"user_id": "u1", "error_code": text, "error": text})];
    let scope = Scope {
        apps: vec![text.to_owned()],
        ..Scope::default()
    };
    let mut summary = futures::executor::block_on(summarize(&memory, &scope, now())).unwrap();
    let mut verdicts = drawn::verdicts(&summary, 3);
    verdicts.rules = text.to_owned();
    verdicts.tiers[1].name = text.to_owned();
    verdicts.apps[0].exchanges.typed = 7;
    summary.verdicts = Some(verdicts);
    summary
}

#[test]
fn hostile_texts_are_shown_and_do_nothing() {
    for text in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "'><svg onload=alert(1)>",
        "</title></style></script><script>alert(1)</script>",
        "</script><!--",
        "<!--",
        "]]><x>",
        "&lt;script&gt;",
        "{{ 7 * 7 }}{% raw %}",
        "javascript:alert(1)",
        "x\" onmouseover=\"alert(1)",
        "\u{0}\u{1b}[2J\u{202e}\u{2066}\u{7f}\u{85}<b\u{0}r>",
        "$x^2$ costs \\$5 and $\\frac{<b>}{\"}$",
        "＜script＞",
    ] {
        let page = html::render(&hostile(text)).unwrap();
        assert_harmless(&page);
        assert!(!page.contains("<script>alert") && !page.contains("<img"));
    }
    let page = html::render(&hostile("<i>&\"'$a$")).unwrap();
    let shown = "&#60;i&#62;&#38;&#34;&#39;$a$";
    assert!(page.matches(shown).count() >= 8, "shown as it is");
    // The chart writes its own escapes, and takes nothing for mathematics.
    assert!(page.contains("&lt;i&gt;&amp;&quot;&apos;$a$"), "{page}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_text_becomes_a_tag(text in "[<>/\"'=&;!a-z \\-$\\\\{}\u{0}\u{202e}]{0,40}|.{0,40}") {
        assert_harmless(&html::render(&hostile(&text)).unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_numbers_break_the_page(
        weeks in prop::sample::select(vec![0u64, 1, 2, 13, 14, 130]),
        users in 1u64..4,
        size in prop::sample::select(vec![0u64, 1, 2, 999, 1 << 40]),
    ) {
        let mut summary = summary(&population::source(users * 8, users, 0));
        let mut verdicts = drawn::verdicts(&summary, weeks);
        for week in &mut verdicts.weeks {
            week.exchanges = ByVerdict { typed: size, unknown: size, ..ByVerdict::default() };
        }
        for app in &mut verdicts.apps {
            app.exchanges = ByVerdict { clicked: size, ..ByVerdict::default() };
        }
        for hour in &mut verdicts.hours {
            hour.typed = size;
            hour.clicked = 0;
        }
        for tier in &mut verdicts.tiers {
            tier.users = size;
        }
        for cohort in &mut verdicts.retention {
            cohort.users = size;
            cohort.returned.fill(size);
        }
        summary.verdicts = Some(verdicts);
        let page = html::render(&summary).unwrap();
        assert_harmless(&page);
        prop_assert!(!page.contains("NaN") && !page.contains("inf"));
        table::render(&summary, Style::default());
    }
}

#[test]
fn the_policy_allows_the_page_itself_and_nothing_else() {
    let page = html::render(&drawn_summary(10)).unwrap();
    let inside = |tag: &str| {
        let (_, rest) = page.split_once(&format!("<{tag}>")).unwrap();
        rest.split_once(&format!("</{tag}>")).unwrap().0
    };
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
    let policy = format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;; style-src &#39;sha256-{}&#39;; script-src &#39;sha256-{}&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;\">",
        hash(inside("style")),
        hash(inside("script")),
    );
    let at = page.find(&policy).expect("the policy");
    assert!(at < page.find("<style").unwrap());
    for loads in [
        "src=",
        "href=",
        "url(http",
        "@import",
        "style=\"",
        "fetch(",
        "innerHTML",
        "eval(",
    ] {
        assert!(!page.contains(loads), "{loads}");
    }
}

#[test]
fn the_page_leads_with_what_people_asked_for() {
    let summary = drawn_summary(60);
    let verdicts = summary.verdicts.as_ref().unwrap();
    let page = html::render(&summary).unwrap();
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("no {text}"));
    let typed = place(&format!(
        "<dd class=\"count\">{}</dd>",
        verdicts.headline.exchanges.typed
    ));
    assert!(place("<dt>Typed</dt>") < typed && typed < place("<dt>Clicked</dt>"));
    assert!(place("<dt>Clicked</dt>") < place("<dt>Automatic</dt>"));
    assert!(place("<dt>Automatic</dt>") < place("did nothing by their own will"));
    for chart in [
        "weeks-chart",
        "apps-chart",
        "distribution-chart",
        "hours-chart",
        "retention-chart",
    ] {
        assert!(page.contains(&format!("id=\"{chart}-")), "{chart}");
    }
    assert_eq!(page.matches("<svg role=\"img\" aria-label=").count(), 5);
    assert_eq!(page, html::render(&summary).unwrap(), "the same bytes");
}

#[test]
fn values_stand_on_hover_and_in_a_table() {
    let summary = drawn_summary(20);
    let page = html::render(&summary).unwrap();
    let week = &summary.verdicts.as_ref().unwrap().weeks[3];
    let title = format!(
        "<title>Week of {}: {} typed (",
        week.week, week.exchanges.typed
    );
    assert!(page.contains(&title), "{title}");
    let row = format!(
        "<tr><td>{}</td><td class=\"n\">{}</td>",
        week.week, week.users_any
    );
    assert!(page.contains(&row), "{row}");
    assert!(!page.contains("<title></title>"));
}

#[test]
fn a_lake_without_verdicts_says_so() {
    let page = html::render(&summary(&population::source(400, 10, 0))).unwrap();
    assert_harmless(&page);
    assert!(page.contains("This lake holds no verdicts yet"));
    assert!(!page.contains("<svg") && page.contains("user00003@contoso.com"));
}

#[test]
fn an_empty_report_is_a_page_too() {
    let page = html::render(&summary(&Memory::of(Vec::new()))).unwrap();
    assert_harmless(&page);
    assert!(page.contains("no interactions"));
    assert!(page.len() < 30_000, "{} bytes", page.len());
}

#[test]
fn long_lists_are_cut_and_say_so() {
    let summary = drawn_summary(html::PEOPLE_MAX as u64 + 1_234);
    let page = html::render(&summary).unwrap();
    assert!(page.contains("Here are 5,000 of 6,235 users, those with the most interactions. The other 1,235 stand in the workbook"));
    assert_eq!(
        page.matches("@contoso.com</td><td>User ").count(),
        html::PEOPLE_MAX
    );
    let data = html::PEOPLE_MAX * 350;
    assert!(page.len() < 1_000_000 + data, "{} bytes", page.len());
}
