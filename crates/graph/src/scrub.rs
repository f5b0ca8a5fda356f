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

/// `secret` never leaves in a text, even where a server repeats it; nor does the beginning of it at the end of a text
/// that [`outside_text`] cut.
pub(crate) fn without_secret(text: &str, secret: &str) -> String {
    const BEGINNING_BYTES_MIN: usize = 3;
    if secret.is_empty() {
        return text.to_owned();
    }
    let text = text.replace(secret, "[secret]");
    let Some(cut) = text.strip_suffix('…') else {
        return text;
    };
    let beginning = (BEGINNING_BYTES_MIN..secret.len())
        .rev()
        .filter_map(|length| secret.get(..length))
        .find(|beginning| cut.ends_with(beginning));
    match beginning {
        Some(beginning) => format!("{}[secret]…", &cut[..cut.len() - beginning.len()]),
        None => text,
    }
}

fn without_query(word: &str) -> String {
    let lower = word.to_ascii_lowercase();
    let token = lower.find("skiptoken=");
    let names_address = word.contains("://") || lower.contains("skiptoken");
    match word.find('?').filter(|_| names_address) {
        Some(query) if token.is_none_or(|token| query < token) => format!("{}?…", &word[..query]),
        _ if token.is_some() => "[skip token]".to_owned(),
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
        assert_eq!(outside_text("$SkipToken=hu?sh ://x"), "[skip token] ://x");
        assert_eq!(outside_text("Really? Yes."), "Really? Yes.");
        assert_eq!(outside_text(&"ä".repeat(1000)).chars().count(), 401);
        assert_eq!(without_secret("you sent hush", "hush"), "you sent [secret]");
    }

    /// Where a text is cut, half a secret may be left.
    #[test]
    fn a_secret_that_a_cut_runs_through_is_no_less_secret() {
        let secret = "s3cret-that-must-not-leak";
        for before in LENGTH_MAX_CHARS - secret.len()..=LENGTH_MAX_CHARS {
            let said = format!("{}{secret} and more", "ä".repeat(before));
            let told = without_secret(&outside_text(&said), secret);
            assert!(!told.contains("s3c"), "{told}");
        }
        assert_eq!(without_secret("it is tru…", "true"), "it is [secret]…");
        assert_eq!(without_secret("it ends in s…", "secret"), "it ends in s…");
    }
}
