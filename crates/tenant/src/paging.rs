//! Skip tokens: where the next page begins, opaque to the client, and of no use to another one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::draw::hash;

/// Writes two numbers as a token for one purpose.
pub(crate) fn seal(seed: u64, purpose: u64, first: i64, second: u64) -> String {
    let check = hash(&[seed, purpose, first as u64, second]);
    let mask = hash(&[seed, check]);
    let mut bytes = Vec::with_capacity(24);
    bytes.extend_from_slice(&check.to_be_bytes());
    bytes.extend_from_slice(&(first as u64 ^ mask).to_be_bytes());
    bytes.extend_from_slice(&(second ^ mask.rotate_left(17)).to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a token; None if it is not one of ours for this purpose.
pub(crate) fn open(seed: u64, purpose: u64, token: &str) -> Option<(i64, u64)> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let words: [[u8; 8]; 3] = [
        bytes.get(..8)?.try_into().ok()?,
        bytes.get(8..16)?.try_into().ok()?,
        bytes.get(16..24)?.try_into().ok()?,
    ];
    let [check, first, second] = words.map(u64::from_be_bytes);
    let mask = hash(&[seed, check]);
    let (first, second) = ((first ^ mask) as i64, second ^ mask.rotate_left(17));
    (bytes.len() == 24 && hash(&[seed, purpose, first as u64, second]) == check)
        .then_some((first, second))
}

/// The query's parameters with names in lower case; OData allows them without the dollar sign, Graph too.
pub(crate) fn parameters(query: Option<&str>) -> Vec<(String, String)> {
    let pairs = url::form_urlencoded::parse(query.unwrap_or("").as_bytes());
    pairs
        .map(|(name, value)| {
            (
                name.trim_start_matches('$').to_lowercase(),
                value.into_owned(),
            )
        })
        .collect()
}

/// The value of a parameter.
pub(crate) fn parameter<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    parameters
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.as_str())
}

/// `$top`, between 1 and the most that is served at once.
pub(crate) fn top(
    parameters: &[(String, String)],
    default: usize,
    most: usize,
) -> Result<usize, String> {
    let Some(text) = parameter(parameters, "top") else {
        return Ok(default);
    };
    match text.parse::<usize>() {
        Ok(0) | Err(_) => Err(format!(
            "Invalid value '{text}' for $top query option found. The $top query option requires a positive integer value."
        )),
        Ok(top) => Ok(top.min(most)),
    }
}

/// The link to the next page: the same query with another skip token.
pub(crate) fn next_link(
    base: &str,
    path: &str,
    parameters: &[(String, String)],
    token: &str,
) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters.iter().filter(|(name, _)| name != "skiptoken") {
        query.append_pair(&format!("${name}"), value);
    }
    let query = query.append_pair("$skiptoken", token).finish();
    // Graph writes spaces as %20, and leaves the dollar sign as it is.
    format!(
        "{base}{path}?{}",
        query.replace('+', "%20").replace("%24", "$")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_open_for_their_purpose_only() {
        let token = seal(1, 2, -5, u64::MAX);
        assert_eq!(open(1, 2, &token), Some((-5, u64::MAX)));
        assert_eq!(open(1, 3, &token), None);
        assert_eq!(open(2, 2, &token), None);
        assert_eq!(open(1, 2, &token[1..]), None);
        assert_eq!(open(1, 2, "not a token"), None);
    }

    #[test]
    fn links_carry_the_whole_query() {
        let parameters = parameters(Some("$top=5&%24filter=a%20eq%20'b+c'&$skiptoken=old"));
        assert_eq!(
            next_link("http://x:1", "/v1.0/y", &parameters, "new"),
            "http://x:1/v1.0/y?$top=5&$filter=a%20eq%20%27b%20c%27&$skiptoken=new"
        );
    }
}
