//! S3 and stores that speak its protocol. Who is let in is deltalake's affair: the options, the
//! environment and the profiles of AWS, as its own tools read them.

use std::sync::Arc;

use deltalake::logstore::{StorageConfig, object_store_factories};
use url::Url;

use super::guarded::Guarded;
use super::{Remote, StoreAccess, refuse_plain_http};

/// Names under which an endpoint is given.
const ENDPOINTS: [&str; 3] = ["aws_endpoint", "aws_endpoint_url", "aws_endpoint_url_s3"];

/// The store that an address names.
pub(super) fn remote(address: &str, access: &StoreAccess) -> Result<Remote, String> {
    let url = Url::parse(address).map_err(|error| error.to_string())?;
    let mut options = Vec::new();
    for (name, value) in access.options.exposed() {
        if ENDPOINTS.contains(&name) {
            let endpoint = Url::parse(value).map_err(|_| format!("\"{value}\" is no endpoint"))?;
            refuse_plain_http(&endpoint)?;
            options.push(("aws_allow_http", (endpoint.scheme() == "http").to_string()));
            options.push(("aws_endpoint", value.to_owned()));
        } else if name == "aws_conditional_put" && value != "etag" {
            return Err(
                "aws_conditional_put must be \"etag\", which is what it is where nothing is said: without it two syncs at once would damage the lake".to_owned(),
            );
        } else if matches!(
            name,
            "aws_s3_allow_unsafe_rename" | "aws_s3_locking_provider"
        ) {
            return Err(format!(
                "{name} is of no use here: hobbs wants a store that refuses to write over a file"
            ));
        } else if name.starts_with("aws_") && name != "aws_allow_http" {
            options.push((name, value.to_owned()));
        }
    }
    options.extend(
        access
            .options
            .of_retries()
            .map(|(name, value)| (name, value.to_owned())),
    );
    let config = StorageConfig::parse_options(options).map_err(|error| error.to_string())?;
    let scheme = Url::parse("s3://").map_err(|error| error.to_string())?;
    let factories = object_store_factories();
    let factory = factories.get(&scheme).ok_or("deltalake knows no S3")?;
    let (store, _) = factory
        .parse_url_opts(&url, &config)
        .map_err(|error| error.to_string())?;
    Ok(Remote {
        store: Arc::new(Guarded::new(store)),
        url,
    })
}
