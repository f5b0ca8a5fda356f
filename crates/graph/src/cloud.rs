//! Microsoft's four clouds: where Graph is, where one signs in, and what exists there
//! (<https://learn.microsoft.com/graph/deployments>; availability from each API's own page).

use std::str::FromStr;

use crate::address::{BadBaseUrl, BaseUrl};

/// One of Microsoft's clouds. A tenant lives in exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cloud {
    /// The global service.
    #[default]
    Global,
    /// US Government L4 (GCC High).
    UsGovernment,
    /// US Government L5 (DoD).
    UsGovernmentDod,
    /// Operated by 21Vianet in China.
    China,
}

impl Cloud {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Global,
        Self::UsGovernment,
        Self::UsGovernmentDod,
        Self::China,
    ];

    /// The name in configuration: `global`, `us-government`, `us-government-dod`, `china`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::UsGovernment => "us-government",
            Self::UsGovernmentDod => "us-government-dod",
            Self::China => "china",
        }
    }

    const fn graph(self) -> &'static str {
        match self {
            Self::Global => "https://graph.microsoft.com",
            Self::UsGovernment => "https://graph.microsoft.us",
            Self::UsGovernmentDod => "https://dod-graph.microsoft.us",
            Self::China => "https://microsoftgraph.chinacloudapi.cn",
        }
    }

    const fn authority(self) -> &'static str {
        match self {
            Self::Global => "https://login.microsoftonline.com",
            Self::UsGovernment | Self::UsGovernmentDod => "https://login.microsoftonline.us",
            Self::China => "https://login.chinacloudapi.cn",
        }
    }

    /// Whether the interaction history can be exported here: in the global and the US Government clouds.
    pub const fn has_interaction_export(self) -> bool {
        !matches!(self, Self::China)
    }

    /// Whether Microsoft's Copilot usage reports exist here: in the global cloud alone.
    pub const fn has_usage_reports(self) -> bool {
        matches!(self, Self::Global)
    }

    /// Whether the agent catalog exists here: in the global cloud alone.
    pub const fn has_agent_catalog(self) -> bool {
        matches!(self, Self::Global)
    }
}

/// The text names no cloud.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no cloud; use global, us-government, us-government-dod or china")]
pub struct UnknownCloud(String);

impl FromStr for Cloud {
    type Err = UnknownCloud;

    fn from_str(text: &str) -> Result<Self, UnknownCloud> {
        let wanted = text.trim().to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|cloud| cloud.name() == wanted)
            .ok_or_else(|| UnknownCloud(text.to_owned()))
    }
}

/// Where one client talks to, and for what it asks a token. The token goes to `graph` and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Graph.
    pub graph: BaseUrl,
    /// Entra ID.
    pub authority: BaseUrl,
    /// What the token is for, `https://graph.microsoft.com/.default`: the cloud's own, even where the addresses
    /// are overridden, since that is what the app's permissions are named after.
    pub scope: String,
    /// The cloud.
    pub cloud: Cloud,
}

impl Endpoints {
    /// A cloud's own addresses.
    pub fn of(cloud: Cloud) -> Self {
        // The constants above parse: a test says so.
        #[expect(
            clippy::expect_used,
            reason = "constants of this file, each parsed in a test"
        )]
        let parse = |text: &str| BaseUrl::parse(text).expect("a constant of this file");
        Self {
            graph: parse(cloud.graph()),
            authority: parse(cloud.authority()),
            scope: format!("{}/.default", cloud.graph()),
            cloud,
        }
    }

    /// The cloud's addresses with `graph` (HOBBS_GRAPH_URL) or `authority` (HOBBS_AUTHORITY_URL) in their place,
    /// for a simulated tenant or a gateway. The scope stays the cloud's.
    ///
    /// # Errors
    /// [`BadBaseUrl`] when an address is not https, nor plain http to this machine.
    pub fn with_bases(
        cloud: Cloud,
        graph: Option<&str>,
        authority: Option<&str>,
    ) -> Result<Self, BadBaseUrl> {
        let mut endpoints = Self::of(cloud);
        if let Some(text) = graph {
            endpoints.graph = BaseUrl::parse(text)?;
        }
        if let Some(text) = authority {
            endpoints.authority = BaseUrl::parse(text)?;
        }
        Ok(endpoints)
    }

    /// The scope without `/.default`: what managed identities call the resource.
    pub(crate) fn resource(&self) -> &str {
        self.scope.strip_suffix("/.default").unwrap_or(&self.scope)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_cloud_has_addresses_that_parse() {
        for cloud in Cloud::ALL {
            let endpoints = Endpoints::of(cloud);
            assert_eq!(endpoints.graph.as_str(), cloud.graph());
            assert_eq!(endpoints.scope, format!("{}/.default", cloud.graph()));
            assert_eq!(cloud.name().parse::<Cloud>().unwrap(), cloud);
        }
    }

    #[test]
    fn an_overridden_address_keeps_the_scope() {
        let endpoints =
            Endpoints::with_bases(Cloud::Global, Some("http://127.0.0.1:1"), None).unwrap();
        assert_eq!(endpoints.scope, "https://graph.microsoft.com/.default");
        assert_eq!(endpoints.authority.host(), "login.microsoftonline.com");
    }
}
