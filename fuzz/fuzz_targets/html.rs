//! HTML to text.
#![no_main]

use hobbs_fuzz::rows;
use hobbs_interaction::{AiInteraction, text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|html: &str| {
    let text = read(html);
    // An entity of five bytes may be two characters of three.
    assert!(text.len() <= 2 * html.len());
    assert!(text::words(&text) as usize <= text.chars().count());
    if !html.contains(['<', '&', '\u{A0}']) {
        assert_eq!(text, words(html));
    }
    // What is escaped as it should be is read word for word, inside of a paragraph too.
    let escaped = html.replace('&', "&amp;").replace('<', "&lt;");
    let shown = words(&html.replace('\u{A0}', " "));
    assert_eq!(read(&escaped), shown);
    assert_eq!(read(&format!("<div><p>{escaped}</p></div>")), shown);
    assert_eq!(
        read(&format!("<script>{}</script>", html.replace('<', ""))),
        ""
    );
});

fn read(html: &str) -> String {
    let item = AiInteraction {
        content_type: Some("html".into()),
        ..rows::item("aiResponse", html)
    };
    text::of(&item).into_owned()
}

/// The words of a text; nothing where nothing in it is visible.
fn words(text: &str) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}
