//! `@odata.nextLink`: an absolute, opaque address that would get our token. It is followed only where it leads
//! to the Graph that we were told to use; anything else is an attack or a bug.

use std::collections::HashSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use url::Url;

use crate::address::BaseUrl;
use crate::error::ReadError;

/// Pages of one list. The largest tenant has a hundredth of that.
const PAGES_MAX: usize = 100_000;

/// A link to the next page, checked: it cannot be made otherwise. It prints without its query, which holds a
/// skip token.
#[derive(Clone, PartialEq, Eq)]
pub struct NextLink(Url);

/// The link leads elsewhere. The token was not sent there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the next page would be at {host}, not at the configured Graph; the token was not sent there"
)]
pub struct ForeignNextLink {
    /// Scheme, host and port that the link names.
    pub host: String,
}

impl NextLink {
    /// Accepts a link to the same scheme, host and port as `graph`, below its path.
    ///
    /// # Errors
    /// [`ForeignNextLink`] otherwise, also where the text is no address at all.
    pub fn check(text: &str, graph: &BaseUrl) -> Result<Self, ForeignNextLink> {
        match Url::parse(text) {
            Ok(url) if graph.covers(&url) => Ok(Self(url)),
            Ok(url) => Err(ForeignNextLink { host: place(&url) }),
            Err(_) => Err(ForeignNextLink {
                host: "something that is no address".to_owned(),
            }),
        }
    }

    pub(crate) fn url(&self) -> &Url {
        &self.0
    }

    /// Enough to notice that a server sends us in circles.
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        hasher.finish()
    }
}

/// The links followed while one list is read page by page.
#[derive(Debug, Default)]
pub(crate) struct Trail(HashSet<u64>);

impl Trail {
    /// Checks the link to the next page before it is followed: it stays with this Graph and was not followed
    /// before.
    pub(crate) fn next(&mut self, text: &str, graph: &BaseUrl) -> Result<NextLink, ReadError> {
        let link = NextLink::check(text, graph)?;
        let pages = self.0.len() + 1;
        if !self.0.insert(link.fingerprint()) || pages > PAGES_MAX {
            return Err(ReadError::LoopingNextLink {
                pages: u32::try_from(pages).unwrap_or(u32::MAX),
            });
        }
        Ok(link)
    }
}

/// Scheme, host and port: what may be said about an address from outside.
pub(crate) fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or("(no host)");
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}

impl fmt::Debug for NextLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NextLink({}{}?…)", place(&self.0), self.0.path())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_link_elsewhere_is_refused_and_named_without_its_query() {
        let graph = BaseUrl::parse("https://graph.microsoft.com").unwrap();
        let error =
            NextLink::check("https://evil.example:444/v1.0/x?$skiptoken=hush", &graph).unwrap_err();
        assert_eq!(error.host, "https://evil.example:444");
        assert!(!error.to_string().contains("hush"));
        assert!(NextLink::check("/v1.0/x", &graph).is_err());
        let link =
            NextLink::check("https://graph.microsoft.com/v1.0/x?$skiptoken=hush", &graph).unwrap();
        assert_eq!(
            format!("{link:?}"),
            "NextLink(https://graph.microsoft.com/v1.0/x?…)"
        );
    }
}
