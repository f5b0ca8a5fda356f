//! `users/delta`: what changed in the directory since a link was given.

use std::fmt;

use url::Url;

use super::{Listing, PersonChange, SELECT};
use crate::address::BaseUrl;
use crate::client::{Client, uncounted};
use crate::errand::Errand;
use crate::error::{GraphError, ReadError};
use crate::next_link::{ForeignNextLink, NextLink, Trail};

/// Where the next delta continues: an absolute, opaque address at Graph. It prints nothing of itself, as it holds a
/// token; [`as_str`](Self::as_str) gives it away, to be stored.
#[derive(Clone, PartialEq, Eq)]
pub struct DeltaLink(NextLink);

impl DeltaLink {
    /// Takes a link from where it was stored.
    ///
    /// # Errors
    /// [`ForeignNextLink`] where it does not lead to `graph`: then everyone has to be listed again.
    pub fn check(text: &str, graph: &BaseUrl) -> Result<Self, ForeignNextLink> {
        NextLink::check(text, graph).map(Self)
    }

    /// The text, to be stored and given back to [`check`](Self::check).
    pub fn as_str(&self) -> &str {
        self.0.url().as_str()
    }
}

impl fmt::Debug for DeltaLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeltaLink(…)")
    }
}

/// Why changes could not be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DeltaError {
    /// The link is too old, or Graph forgot where it led (410 with `syncStateNotFound` or `resyncRequired`, or 400).
    /// What changed since then can no longer be told.
    #[error(
        "Graph no longer knows where the last list of users ended ({0}); list all users again and begin with a new link"
    )]
    ListAgain(GraphError),
    /// Anything else.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl DeltaError {
    /// From an answer to a link that Graph gave us.
    fn of_link(error: ReadError) -> Self {
        match error {
            ReadError::BadRequest(error) => Self::ListAgain(error),
            ReadError::NotFound(error) if error.status == 410 => Self::ListAgain(error),
            other => Self::Read(other),
        }
    }
}

impl Client {
    /// The changes since `link` was given, page by page in the order in which they apply; without a link, every user
    /// as a change from nothing. Gives the link for the next time. One user may come more than once. Permission:
    /// User.Read.All.
    ///
    /// # Errors
    /// [`DeltaError::ListAgain`] where the link is no longer good; pages given before an error are good, but the
    /// next time begins with the old link.
    pub async fn people_delta(
        &self,
        link: Option<&DeltaLink>,
        mut take: impl FnMut(Vec<PersonChange>),
    ) -> Result<DeltaLink, DeltaError> {
        let graph = &self.inner.endpoints.graph;
        let mut page = match link {
            None => self.delta_page(&first(graph, None)).await?,
            Some(link) => {
                let link = NextLink::check(link.as_str(), graph).map_err(ReadError::from)?;
                let page = self.delta_page(link.url()).await;
                page.map_err(DeltaError::of_link)?
            }
        };
        let mut trail = Trail::default();
        loop {
            take(page.values.iter().filter_map(PersonChange::read).collect());
            if let Some(text) = page.delta_link {
                return Ok(DeltaLink::check(&text, graph).map_err(ReadError::from)?);
            }
            let next = trail.next(page.next_link.as_deref().unwrap_or_default(), graph)?;
            let read = self.delta_page(next.url()).await;
            page = read.map_err(DeltaError::of_link)?;
        }
    }

    /// A link that tells what changes from this moment on, without listing anyone. Ask for it BEFORE a full listing
    /// ([`users_by_page`](Self::users_by_page)): what changes while the listing runs then comes with the next delta,
    /// perhaps once more, which does no harm. Asked for after it, changes in between would be lost for good.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn delta_link_of_now(&self) -> Result<DeltaLink, ReadError> {
        let graph = &self.inner.endpoints.graph;
        let first = first(graph, Some("latest"));
        let mut page = self.delta_page_of(Errand::OptionalPage, &first).await?;
        let mut trail = Trail::default();
        loop {
            if let Some(text) = page.delta_link {
                return Ok(DeltaLink::check(&text, graph)?);
            }
            let next = trail.next(page.next_link.as_deref().unwrap_or_default(), graph)?;
            page = self.delta_page_of(Errand::OptionalPage, next.url()).await?;
        }
    }

    async fn delta_page(&self, url: &Url) -> Result<Listing, ReadError> {
        self.delta_page_of(Errand::Page, url).await
    }

    async fn delta_page_of(&self, errand: Errand, url: &Url) -> Result<Listing, ReadError> {
        self.run(errand, "changes of users", url, &uncounted(), |body| {
            let page = Listing::read(body)?;
            if page.delta_link.is_none() && page.next_link.is_none() {
                return Err("the page names neither the next one nor a delta link".to_owned());
            }
            Ok(page)
        })
        .await
    }
}

/// The address to begin at. Only the properties named here are ever told, in later deltas too.
fn first(graph: &BaseUrl, delta_token: Option<&str>) -> Url {
    let properties = format!("{SELECT},manager");
    let mut query = vec![("$select", properties.as_str())];
    query.extend(delta_token.map(|token| ("$deltatoken", token)));
    graph.at(&["v1.0", "users", "delta"], &query)
}
