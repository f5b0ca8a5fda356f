//! Groups, as scopes: which users are in them.

use std::collections::BTreeSet;

use serde_json::Value;
use url::Url;

use crate::client::{Client, uncounted};
use crate::errand::Errand;
use crate::error::{GraphError, ReadError};
use crate::next_link::Trail;
use crate::people::{Listing, non_empty};

/// A group as Entra knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The object id.
    pub id: String,
    /// `displayName`; empty where Graph gives none. Several groups may have one name.
    pub display_name: String,
}

/// Why a group, or who is in it, could not be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum GroupError {
    /// No such group.
    #[error(
        "there is no group \"{wanted}\"; give its name exactly as Entra shows it, or its object id (Entra, Groups, Overview)"
    )]
    NotFound {
        /// The name or object id asked for.
        wanted: String,
    },
    /// Several groups of that name.
    #[error("{} groups are called \"{wanted}\"; give the object id of one of them: {}", groups.len(), ids(groups))]
    Several {
        /// The name asked for.
        wanted: String,
        /// The groups.
        groups: Vec<Group>,
    },
    /// 403.
    #[error(
        "access denied ({0}); groups want the application permission GroupMember.Read.All: add it to the app in Entra and grant admin consent"
    )]
    Forbidden(GraphError),
    /// Anything else.
    #[error(transparent)]
    Read(ReadError),
}

impl GroupError {
    fn of(error: ReadError, wanted: &str) -> Self {
        match error {
            ReadError::Forbidden(error) => Self::Forbidden(error),
            ReadError::NotFound(_) => Self::NotFound {
                wanted: wanted.to_owned(),
            },
            other => Self::Read(other),
        }
    }
}

fn ids(groups: &[Group]) -> String {
    let ids: Vec<&str> = groups.iter().map(|group| group.id.as_str()).collect();
    ids.join(", ")
}

impl Group {
    fn read(json: &Value) -> Option<Self> {
        Some(Self {
            id: non_empty(&json["id"])?,
            display_name: non_empty(&json["displayName"]).unwrap_or_default(),
        })
    }
}

const SELECT: (&str, &str) = ("$select", "id,displayName");

impl Client {
    /// The one group of this object id or, if it is none, of this name. Permission: GroupMember.Read.All.
    ///
    /// # Errors
    /// [`GroupError`]: none, several, not permitted.
    pub async fn group(&self, name_or_id: &str) -> Result<Group, GroupError> {
        let graph = &self.inner.endpoints.graph;
        let wanted = name_or_id.trim();
        if uuid::Uuid::try_parse(wanted).is_ok() {
            let url = graph.at(&["v1.0", "groups", wanted], &[SELECT]);
            return self
                .get("group", &url, &uncounted(), |body| {
                    let json = serde_json::from_slice(body).map_err(|error| error.to_string())?;
                    Group::read(&json).ok_or_else(|| "the answer has no id".to_owned())
                })
                .await
                .map_err(|error| GroupError::of(error, wanted));
        }
        let filter = format!("displayName eq '{}'", wanted.replace('\'', "''"));
        let url = graph.at(&["v1.0", "groups"], &[("$filter", &filter), SELECT]);
        let page = self.listing("groups", &url).await;
        let page = page.map_err(|error| GroupError::of(error, wanted))?;
        let mut groups: Vec<Group> = page.values.iter().filter_map(Group::read).collect();
        match (groups.pop(), groups.is_empty()) {
            (Some(group), true) => Ok(group),
            (None, _) => Err(GroupError::NotFound {
                wanted: wanted.to_owned(),
            }),
            (Some(last), false) => {
                groups.push(last);
                Err(GroupError::Several {
                    wanted: wanted.to_owned(),
                    groups,
                })
            }
        }
    }

    /// The object ids of all users in a group, those of groups within it included. Permission: GroupMember.Read.All.
    ///
    /// # Errors
    /// [`GroupError`]; a list that breaks off is an error, never a shorter list.
    pub async fn group_members(&self, group_id: &str) -> Result<BTreeSet<String>, GroupError> {
        let graph = &self.inner.endpoints.graph;
        // The cast to users is an advanced query: it wants $count and ConsistencyLevel.
        let mut url = graph.at(
            &[
                "v1.0",
                "groups",
                group_id,
                "transitiveMembers",
                "microsoft.graph.user",
            ],
            &[("$select", "id"), ("$top", "999"), ("$count", "true")],
        );
        let refused = |error| GroupError::of(error, group_id);
        let mut members = BTreeSet::new();
        let mut trail = Trail::default();
        loop {
            let page = self.members_page(&url).await.map_err(refused)?;
            members.extend(page.values.iter().filter_map(|user| non_empty(&user["id"])));
            let Some(text) = page.next_link else {
                return Ok(members);
            };
            url = trail.next(&text, graph).map_err(refused)?.url().clone();
        }
    }

    async fn members_page(&self, url: &Url) -> Result<Listing, ReadError> {
        let errand = Errand::IndexedPage;
        self.run(errand, "group members", url, &uncounted(), |body| {
            Listing::read(body)
        })
        .await
    }
}
