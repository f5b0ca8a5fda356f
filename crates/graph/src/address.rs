//! Addresses checked by type. Whoever holds a [`BaseUrl`] holds https, or plain http to this very machine.

use std::borrow::Cow;
use std::fmt;

use url::{Host, Url};

/// API versions, which may stand at the end of a base address.
const VERSIONS: [&str; 2] = ["/v1.0", "/beta"];

/// The base address of Graph or of the sign-in authority: scheme, host, port and perhaps a path before
/// everything else. No query, no user name, no slash at its end.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// Why a text is no base address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadBaseUrl {
    /// Not an absolute address.
    #[error("not an absolute address such as https://graph.microsoft.com")]
    NotAnAddress,
    /// Neither https nor http.
    #[error("the scheme \"{0}\" is not supported; use https")]
    Scheme(String),
    /// Plain http to another machine: secrets would travel in the clear.
    #[error(
        "plain http is accepted for this machine alone (127.0.0.1, ::1, localhost), not for {0}; use https"
    )]
    PlainHttp(String),
    /// A user name or password in the address.
    #[error("the address must not carry a user name or password")]
    UserInfo,
    /// A query or fragment in the address.
    #[error("the address must not carry a query or fragment")]
    Query,
}

impl BaseUrl {
    /// Reads a base address as people write it: slashes at the end are dropped, and so is an API version
    /// (`/v1.0`, `/beta`), which the client adds by itself.
    ///
    /// # Errors
    /// [`BadBaseUrl`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, BadBaseUrl> {
        let mut url = Url::parse(text.trim()).map_err(|_| BadBaseUrl::NotAnAddress)?;
        let host = url.host().ok_or(BadBaseUrl::NotAnAddress)?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&host) => {}
            "http" => return Err(BadBaseUrl::PlainHttp(host.to_string())),
            other => return Err(BadBaseUrl::Scheme(other.to_owned())),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadBaseUrl::UserInfo);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BadBaseUrl::Query);
        }
        let mut path = url.path().trim_end_matches('/');
        while let Some(shorter) = VERSIONS.iter().find_map(|it| path.strip_suffix(*it)) {
            path = shorter.trim_end_matches('/');
        }
        let path = path.to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }

    /// An address below this base. Segments are percent-encoded, so that a name from outside stays one segment;
    /// so are the values of the query, whose names are taken as they are (`$top`).
    pub fn at(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty()
                .extend(segments.iter().map(|segment| addressable(segment)));
        }
        if !query.is_empty() {
            let pairs: Vec<String> = query
                .iter()
                .map(|(name, value)| format!("{name}={}", encode_value(value)))
                .collect();
            url.set_query(Some(&pairs.join("&")));
        }
        url
    }

    /// Whether an address has this base's scheme, host and port, and lies below its path.
    pub fn covers(&self, url: &Url) -> bool {
        let same_place = url.scheme() == self.0.scheme()
            && url.host() == self.0.host()
            && url.port_or_known_default() == self.0.port_or_known_default();
        let anonymous = url.username().is_empty() && url.password().is_none();
        let below = url
            .path()
            .strip_prefix(self.0.path().trim_end_matches('/'))
            .is_some_and(|rest| rest.starts_with('/'));
        same_place && anonymous && below
    }

    /// Whether it is plain http, and so leads to this machine.
    pub fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// The host, for messages.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or("")
    }

    /// The address without a slash at its end.
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({})", self.as_str())
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::Domain(name) => *name == "localhost",
    }
}

/// A segment as an address can hold it: `.` and `..` would vanish from the path, and so would tabs and line ends from
/// a name, which then were another one's. Encoded once more than the rest, they are names that nobody has.
fn addressable(segment: &str) -> Cow<'_, str> {
    match segment {
        "." | ".." => Cow::Owned(segment.replace('.', "%2E")),
        _ if segment.contains(['\t', '\n', '\r']) => Cow::Owned(encode_value(segment)),
        _ => Cow::Borrowed(segment),
    }
}

/// Percent-encodes a query value. A space becomes `%20`, not `+`: every server reads that the same way.
fn encode_value(value: &str) -> String {
    use fmt::Write as _;

    let mut encoded = String::with_capacity(value.len() + 16);
    for byte in value.bytes() {
        let stays = byte.is_ascii_alphanumeric() || b"-._~:,()$@/".contains(&byte);
        if stays {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        for good in [
            "https://graph.microsoft.com",
            "http://127.0.0.1:8080/",
            "http://127.9.9.9",
            "http://[::1]:4000",
            "http://localhost:1/graph/",
        ] {
            assert!(BaseUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://graph.microsoft.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://10.0.0.1",
            "http://0.0.0.0",
        ] {
            assert!(
                matches!(BaseUrl::parse(bad), Err(BadBaseUrl::PlainHttp(_))),
                "{bad}"
            );
        }
        for bad in [
            "graph.microsoft.com",
            "/v1.0",
            "ftp://localhost",
            "https://a:b@c",
            "https://c/?x=1",
            "",
        ] {
            assert!(BaseUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn slashes_versions_and_prefixes_are_tolerated() {
        for text in [
            "https://h",
            "https://h/",
            "https://h//",
            "https://h/v1.0/",
            "https://h/v1.0/v1.0",
            "https:\\\\h/beta/v1.0//beta/",
            "https://h/beta",
        ] {
            let url = BaseUrl::parse(text).unwrap().at(&["v1.0", "users"], &[]);
            assert_eq!(url.as_str(), "https://h/v1.0/users", "{text}");
        }
        let url = BaseUrl::parse("http://localhost:9/graph/").unwrap();
        assert_eq!(
            url.at(&["v1.0", "a/../b"], &[]).as_str(),
            "http://localhost:9/graph/v1.0/a%2F..%2Fb"
        );
    }

    #[test]
    fn any_name_stays_one_segment_and_no_other_name() {
        let base = BaseUrl::parse("https://h").unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for name in [
            ".", "..", "%2e", "...", "a", "a\tb", "a\nb", "a\rb", "ab", "a b", "a/b", "a\\b",
            "a?b", "a#b", "",
        ] {
            let url = base.at(&["v1.0", "users", name, "end"], &[]);
            let segments: Vec<&str> = url.path_segments().unwrap().collect();
            assert_eq!(segments.len(), 4, "{name:?}: {url}");
            assert_eq!(
                (segments[0], segments[1], segments[3]),
                ("v1.0", "users", "end")
            );
            assert!(seen.insert(url.to_string()), "{name:?}: {url}");
        }
    }

    #[test]
    fn query_values_are_encoded() {
        let url = BaseUrl::parse("https://h").unwrap().at(
            &["x"],
            &[
                ("$top", "100"),
                ("$filter", "a eq 'b&c' and d gt 2026-01-01T00:00:00Z"),
            ],
        );
        assert_eq!(
            url.query(),
            Some("$top=100&$filter=a%20eq%20%27b%26c%27%20and%20d%20gt%202026-01-01T00:00:00Z")
        );
    }

    #[test]
    fn a_base_covers_its_own_place_only() {
        let base = BaseUrl::parse("https://graph.microsoft.com").unwrap();
        let covers = |text: &str| base.covers(&Url::parse(text).unwrap());
        assert!(covers(
            "https://graph.microsoft.com/v1.0/users?$skiptoken=x"
        ));
        assert!(covers("https://GRAPH.microsoft.com:443/beta/x"));
        for foreign in [
            "http://graph.microsoft.com/v1.0",
            "https://graph.microsoft.com:8443/v1.0",
            "https://graph.microsoft.com.example.com/v1.0",
            "https://graph.microsoft.com./v1.0",
            "https://graph.microsoft.com@example.com/v1.0",
            "https://user@graph.microsoft.com/v1.0",
            "https://example.com/graph.microsoft.com",
        ] {
            assert!(!covers(foreign), "{foreign}");
        }
        let prefixed = BaseUrl::parse("http://localhost:9/graph").unwrap();
        assert!(prefixed.covers(&Url::parse("http://localhost:9/graph/v1.0/x").unwrap()));
        assert!(!prefixed.covers(&Url::parse("http://localhost:9/graphic/v1.0/x").unwrap()));
        assert!(!prefixed.covers(&Url::parse("http://localhost:9/graph/../evil").unwrap()));
    }
}
