//! The download address of a report: pre-authenticated, so it is as secret as a token and gets none; anywhere on the
//! web, so nothing of ours goes there but the request itself.

use std::fmt;

use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderMap, Request};
use url::Url;

use crate::address::BaseUrl;
use crate::error::ReadError;
use crate::next_link::place;
use crate::usage_reports;

/// An address to get a report from, checked: https (or this very machine, where Graph itself is on this machine),
/// no user name, no password. It never prints.
pub(crate) struct DownloadAddress(Url);

impl DownloadAddress {
    /// The address that the `Location` of an answer about a report names, which may be relative to that of the report.
    pub(crate) fn named_in(headers: &HeaderMap, graph: &BaseUrl) -> Result<Self, ReadError> {
        let unusable = |problem: String| ReadError::Download { problem };
        let text = headers
            .get(LOCATION)
            .and_then(|value| value.to_str().ok())
            .filter(|text| !text.trim().is_empty())
            .ok_or_else(|| unusable("the answer names none".to_owned()))?;
        let mut url = usage_reports::address(graph, "")
            .join(text)
            .map_err(|_| unusable("what the answer names is no address".to_owned()))?;
        let is_safe = match url.scheme() {
            "https" => true,
            // A tenant simulated on this machine.
            "http" => graph.is_plain() && BaseUrl::parse(&place(&url)).is_ok(),
            _ => false,
        };
        if !is_safe {
            return Err(unusable(format!("{} is not https", place(&url))));
        }
        // HTTP clients make an Authorization header of them.
        if !url.username().is_empty() || url.password().is_some() {
            return Err(unusable(format!("{} comes with a user name", place(&url))));
        }
        url.set_fragment(None);
        Ok(Self(url))
    }

    /// The request: no token, no header at all.
    pub(crate) fn request(&self) -> Result<Request<Bytes>, ReadError> {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = self.0.as_str().parse().map_err(|_| ReadError::Download {
            problem: "it cannot be sent".to_owned(),
        })?;
        Ok(request)
    }

    /// Scheme, host and port, for messages.
    pub(crate) fn place(&self) -> String {
        place(&self.0)
    }
}

impl fmt::Debug for DownloadAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DownloadAddress({})", self.place())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn named(location: &str, graph: &str) -> Result<DownloadAddress, ReadError> {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, location.parse().unwrap());
        DownloadAddress::named_in(&headers, &BaseUrl::parse(graph).unwrap())
    }

    #[test]
    fn https_anywhere_and_plain_http_on_this_machine_alone() {
        const REAL: &str = "https://graph.microsoft.com";
        const SIMULATED: &str = "http://127.0.0.1:7777";
        for (location, graph) in [
            ("https://reports.example/x?sig=hush", REAL),
            ("https://reports.example:444/x?sig=hush#part", SIMULATED),
            ("http://127.0.0.1:9/x?sig=hush", SIMULATED),
            ("http://localhost/x?sig=hush", SIMULATED),
        ] {
            let address = named(location, graph).unwrap();
            assert!(!format!("{address:?}").contains("hush"));
            let request = address.request().unwrap();
            assert_eq!(request.uri().query(), Some("sig=hush"));
            assert!(request.headers().is_empty());
        }
        for (location, graph) in [
            ("http://reports.example/x?sig=hush", REAL),
            ("http://reports.example/x?sig=hush", SIMULATED),
            ("http://127.0.0.1:9/x?sig=hush", REAL),
            ("http://127.0.0.1.example/x?sig=hush", SIMULATED),
            ("https://me:hush@reports.example/x", REAL),
            ("https://me@reports.example/x?sig=hush", REAL),
            ("ftp://reports.example/x?sig=hush", REAL),
            ("file:///x?sig=hush", REAL),
            ("//reports.example/x?sig=hush", SIMULATED),
            ("//me:hush@reports.example/x", REAL),
            ("", REAL),
            (" ", REAL),
        ] {
            let error = named(location, graph).unwrap_err();
            assert_eq!(error.code(), "download", "{location}");
            assert!(!error.to_string().contains("hush"), "{error}");
        }
        // A gateway may leave out what is the same as in the address that was asked.
        for (location, graph, place) in [
            (
                "/x?sig=hush",
                REAL,
                "https://graph.microsoft.com/x?sig=hush",
            ),
            (
                "x?sig=hush",
                REAL,
                "https://graph.microsoft.com/v1.0/copilot/reports/x?sig=hush",
            ),
            (
                "//reports.example/x?sig=hush",
                REAL,
                "https://reports.example/x?sig=hush",
            ),
            ("/x", SIMULATED, "http://127.0.0.1:7777/x"),
        ] {
            let request = named(location, graph).unwrap().request().unwrap();
            assert_eq!(request.uri().to_string(), place);
            assert!(request.headers().is_empty());
        }
        let none = DownloadAddress::named_in(&HeaderMap::new(), &BaseUrl::parse(REAL).unwrap());
        assert_eq!(none.unwrap_err().code(), "download");
    }
}
