//! S3 and stores that speak its protocol.

use std::str::FromStr;
use std::sync::Arc;

use deltalake::logstore::StorageConfig;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::client::ClientConfigKey;
use url::Url;

use super::guarded::Guarded;
use super::{Remote, StoreAccess, StoreOptions, refuse_plain_http};

/// The store that an address names. Nothing is asked of it.
///
/// Who is let in is object_store's affair: keys, or the role of the machine, the container or the cluster.
pub(super) fn remote(address: &str, access: &StoreAccess) -> Result<Remote, String> {
    let url = Url::parse(address).map_err(|error| error.to_string())?;
    let bucket = url.host_str().unwrap_or_default();
    if bucket.is_empty() {
        return Err("which bucket? Write s3://BUCKET/FOLDER".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() || url.port().is_some() {
        return Err("between s3:// and the folder stands the bucket alone; keys belong into the environment, as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".to_owned());
    }
    let config = StorageConfig::parse_options(access.options.of_retries())
        .map_err(|error| error.to_string())?;
    let mut builder = AmazonS3Builder::new().with_retry(config.retry);
    for (key, value) in keys(&access.options) {
        if key == AmazonS3ConfigKey::ConditionalPut && value != "etag" {
            return Err(
                "aws_conditional_put must be \"etag\", which is what it is where nothing is said: without it two syncs at once would damage the lake".to_owned(),
            );
        }
        builder = builder.with_config(key, value);
    }
    let endpoints = [AmazonS3ConfigKey::S3Endpoint, AmazonS3ConfigKey::Endpoint];
    if let Some(endpoint) = endpoints
        .iter()
        .find_map(|key| builder.get_config_value(key))
    {
        let endpoint =
            Url::parse(&endpoint).map_err(|_| format!("\"{endpoint}\" is no endpoint"))?;
        refuse_plain_http(&endpoint)?;
        builder = builder.with_allow_http(endpoint.scheme() == "http");
    }
    let store = builder
        .with_bucket_name(bucket)
        .build()
        .map_err(|error| error.to_string())?;
    Ok(Remote {
        store: Arc::new(Guarded::new(store)),
        url,
    })
}

/// Whether object_store has an option of this name. Of its short names (`token`, `endpoint`) nobody could tell
/// which store they are for.
pub(super) fn is_option(name: &str) -> bool {
    name.starts_with("aws_") && AmazonS3ConfigKey::from_str(name).is_ok()
}

fn keys(options: &StoreOptions) -> impl Iterator<Item = (AmazonS3ConfigKey, &str)> {
    let options = options.exposed();
    let options = options.filter(|(name, _)| is_option(name));
    options.filter_map(|(name, value)| {
        let key = AmazonS3ConfigKey::from_str(name).ok()?;
        // Which endpoints may be plain, and which bucket, is not for an option to say.
        let is_ours = matches!(
            key,
            AmazonS3ConfigKey::Client(ClientConfigKey::AllowHttp) | AmazonS3ConfigKey::Bucket
        );
        (!is_ours).then_some((key, value))
    })
}
