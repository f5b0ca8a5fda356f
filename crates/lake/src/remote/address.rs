//! Addresses in Azure's storage and in OneLake, in all clouds.

use deltalake::logstore::object_store::path::Path;
use url::Url;

/// Where Azure's own storage services are. A token for one of them opens all that the app may enter,
/// so that it goes to no other host, unless an endpoint is configured.
///
/// Global, US Government, China; storage accounts with a DNS zone of their own; OneLake.
/// (<https://learn.microsoft.com/azure/storage/common/storage-account-overview#storage-account-endpoints>,
/// <https://learn.microsoft.com/fabric/onelake/onelake-access-api>)
const DOMAINS: [&str; 5] = [
    "core.windows.net",
    "core.usgovcloudapi.net",
    "core.chinacloudapi.cn",
    "storage.azure.net",
    "fabric.microsoft.com",
];

/// A folder in a container (in OneLake a workspace).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AzureAddress {
    /// As `abfss://…` or `az://…`, for messages and for the log.
    pub(super) url: Url,
    /// None where the options say which.
    pub(super) account: Option<String>,
    /// The container's name as it is, not as an address writes it.
    pub(super) container: String,
    /// Where blobs are served; None where the options say which.
    pub(super) endpoint: Option<Url>,
}

impl AzureAddress {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| error.to_string())?;
        if url.password().is_some() {
            return Err(
                "an address has no password; an account key belongs into the environment, as AZURE_STORAGE_ACCOUNT_KEY".to_owned(),
            );
        }
        if url.port().is_some() {
            return Err(
                "an address has no port; name the endpoint with azure_storage_endpoint under [store]".to_owned(),
            );
        }
        let url = match url.scheme() {
            "https" => with_container_in_front(&url)?,
            _ => url,
        };
        let host = url.host_str().unwrap_or_default();
        if url.username().is_empty() {
            if host.contains('.') || host.is_empty() {
                return Err(
                    "which container? Write abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/FOLDER"
                        .to_owned(),
                );
            }
            return Ok(AzureAddress {
                account: None,
                container: host.to_owned(),
                endpoint: None,
                url,
            });
        }
        let (account, endpoint) = service(host)?;
        Ok(AzureAddress {
            account: Some(account),
            container: decoded(url.username())?,
            endpoint: Some(endpoint),
            url,
        })
    }
}

/// The account and the blob endpoint of a host as in `account.dfs.core.windows.net`.
fn service(host: &str) -> Result<(String, Url), String> {
    let foreign = || {
        format!(
            "{host} is no host of Azure's storage or of OneLake; for another endpoint write az://CONTAINER/FOLDER, with azure_storage_account_name and azure_storage_endpoint under [store]"
        )
    };
    let (name, domain) = [".dfs.", ".blob."]
        .iter()
        .find_map(|service| host.split_once(service))
        .filter(|(name, domain)| !name.is_empty() && DOMAINS.contains(domain))
        .ok_or_else(foreign)?;
    let account = name.split('.').next().unwrap_or_default();
    let endpoint = Url::parse(&format!("https://{name}.blob.{domain}"));
    Ok((account.to_owned(), endpoint.map_err(|_| foreign())?))
}

/// `https://HOST/CONTAINER/FOLDER`, as portals show it, as `abfss://CONTAINER@HOST/FOLDER`.
fn with_container_in_front(url: &Url) -> Result<Url, String> {
    let host = url.host_str().unwrap_or_default();
    let path = url.path().trim_start_matches('/');
    let (container, folder) = path.split_once('/').unwrap_or((path, ""));
    if container.is_empty() {
        return Err("the address names no container".to_owned());
    }
    Url::parse(&format!("abfss://{container}@{host}/{folder}")).map_err(|error| error.to_string())
}

/// A part of an address as it is meant.
fn decoded(part: &str) -> Result<String, String> {
    let path = Path::from_url_path(part).map_err(|error| error.to_string())?;
    Ok(path.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[track_caller]
    fn leads_to(text: &str, account: &str, container: &str, endpoint: &str, url: &str) {
        let address = AzureAddress::parse(text).unwrap();
        assert_eq!(address.account.as_deref(), Some(account));
        assert_eq!(address.container, container);
        assert_eq!(address.endpoint.unwrap().as_str(), endpoint);
        assert_eq!(address.url.as_str(), url);
    }

    #[test]
    fn storage_accounts_in_every_cloud() {
        for (domain, account) in [
            ("core.windows.net", "acme"),
            ("core.usgovcloudapi.net", "acme"),
            ("core.chinacloudapi.cn", "acme"),
            ("storage.azure.net", "acme.z12"),
        ] {
            for service in ["dfs", "blob"] {
                let text = format!("abfss://lake@{account}.{service}.{domain}/hobbs/main");
                let endpoint = format!("https://{account}.blob.{domain}/");
                leads_to(&text, "acme", "lake", &endpoint, &text);
            }
        }
    }

    #[test]
    fn onelake_by_name_and_by_guid() {
        leads_to(
            "abfss://Sales@onelake.dfs.fabric.microsoft.com/Copilot.Lakehouse/Tables",
            "onelake",
            "Sales",
            "https://onelake.blob.fabric.microsoft.com/",
            "abfss://Sales@onelake.dfs.fabric.microsoft.com/Copilot.Lakehouse/Tables",
        );
        let (workspace, item) = (
            "0f3c1f0a-4c6e-4a0e-9d6a-2b1f9d1c7e01",
            "7a1b5d80-9f1e-4a44-8d53-90b6a4a1f002",
        );
        let by_guid = format!("abfss://{workspace}@onelake.dfs.fabric.microsoft.com/{item}/Tables");
        let endpoint = "https://onelake.blob.fabric.microsoft.com/";
        leads_to(&by_guid, "onelake", workspace, endpoint, &by_guid);
        // As Fabric's portal shows it.
        let https = format!("https://onelake.dfs.fabric.microsoft.com/{workspace}/{item}/Tables");
        leads_to(&https, "onelake", workspace, endpoint, &by_guid);
        leads_to(
            &format!(
                "abfss://{workspace}@westeurope-onelake.dfs.fabric.microsoft.com/{item}/Tables"
            ),
            "westeurope-onelake",
            workspace,
            "https://westeurope-onelake.blob.fabric.microsoft.com/",
            &format!(
                "abfss://{workspace}@westeurope-onelake.dfs.fabric.microsoft.com/{item}/Tables"
            ),
        );
    }

    #[test]
    fn a_workspace_with_a_space_is_named_as_it_is() {
        let text = "abfss://My%20Sales.EU@onelake.dfs.fabric.microsoft.com/A.Lakehouse/Tables";
        let address = AzureAddress::parse(text).unwrap();
        assert_eq!(address.container, "My Sales.EU");
    }

    #[test]
    fn a_container_alone_leaves_the_account_to_the_options() {
        let address = AzureAddress::parse("az://lake/hobbs").unwrap();
        assert_eq!(address.container, "lake");
        assert_eq!((address.account, address.endpoint), (None, None));
    }

    #[test]
    fn tokens_go_to_microsofts_hosts_alone() {
        for foreign in [
            "abfss://lake@acme.dfs.example.com/hobbs",
            "abfss://lake@acme.dfs.core.windows.net.example.com/hobbs",
            "abfss://lake@dfs.core.windows.net/hobbs",
            "abfss://lake@.dfs.core.windows.net/hobbs",
            "abfss://lake@acme.dfs.core.windows.net:8443/hobbs",
            "abfss://lake:key@acme.dfs.core.windows.net/hobbs",
            "https://acme.dfs.example.com/lake/hobbs",
            "https://acme.dfs.core.windows.net",
            "abfss://acme.dfs.core.windows.net/hobbs",
            "abfss:///hobbs",
        ] {
            assert!(AzureAddress::parse(foreign).is_err(), "{foreign}");
        }
    }
}
