//! Texts from outside before they enter an error: short, on one line, without the queries of addresses.

const LENGTH_MAX_CHARS: usize = 400;

/// A text that a server wrote, made fit for an error message or a log.
pub(crate) fn outside_text(text: &str) -> String {
    let words: Vec<String> = text
        .split_whitespace()
        .take(LENGTH_MAX_CHARS)
        .map(without_query)
        .collect();
    let line = words.join(" ");
    if line.chars().count() > LENGTH_MAX_CHARS {
        let cut: String = line.chars().take(LENGTH_MAX_CHARS).collect();
        cut + "…"
    } else {
        line
    }
}

/// `secret` never leaves in a text, even where a server repeats it.
pub(crate) fn without_secret(text: &str, secret: &str) -> String {
    if secret.is_empty() {
        text.to_owned()
    } else {
        text.replace(secret, "[secret]")
    }
}

fn without_query(word: &str) -> String {
    let names_address = word.contains("://") || word.contains("skiptoken");
    match word.find('?') {
        Some(at) if names_address => format!("{}?…", &word[..at]),
        None if word.to_ascii_lowercase().contains("skiptoken=") => "[skip token]".to_owned(),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_dropped_and_texts_kept_short() {
        assert_eq!(
            outside_text("Bad link\r\nhttps://h/v1.0/x?$skiptoken=hush now"),
            "Bad link https://h/v1.0/x?… now"
        );
        assert_eq!(
            outside_text("$skiptoken=hush is stale"),
            "[skip token] is stale"
        );
        assert_eq!(outside_text("Really? Yes."), "Really? Yes.");
        assert_eq!(outside_text(&"ä".repeat(1000)).chars().count(), 401);
        assert_eq!(without_secret("you sent hush", "hush"), "you sent [secret]");
    }
}
