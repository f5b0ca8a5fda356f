//! S3 and stores that speak its protocol.

use std::str::FromStr;
use std::sync::Arc;

use deltalake::logstore::StorageConfig;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::client::ClientConfigKey;
use url::Url;

use super::guarded::Guarded;
use super::{Remote, StoreAccess, StoreOptions, refuse_plain_http};

/// A profile of `~/.aws`, which nothing here reads. It is an option so that it can be said.
const PROFILE: &str = "aws_profile";

/// The store that an address names. Nothing is asked of it.
///
/// object_store signs in: with keys, or as the cluster, the container or the machine that it runs in.
pub(super) fn remote(address: &str, access: &StoreAccess) -> Result<Remote, String> {
    let url = Url::parse(address).map_err(|error| error.to_string())?;
    let bucket = url.host_str().unwrap_or_default();
    if bucket.is_empty() {
        return Err("which bucket? Write s3://BUCKET/FOLDER".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() || url.port().is_some() {
        return Err("between s3:// and the folder stands the bucket alone; keys belong into the environment, as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".to_owned());
    }
    refuse_half_a_sign_in(&access.options)?;
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
    name == PROFILE || name.starts_with("aws_") && AmazonS3ConfigKey::from_str(name).is_ok()
}

/// Refuses what object_store would pass over, to ask for the role of the machine.
fn refuse_half_a_sign_in(options: &StoreOptions) -> Result<(), String> {
    let has = |key: AmazonS3ConfigKey| keys(options).any(|(given, _)| given == key);
    let (id, secret) = (
        has(AmazonS3ConfigKey::AccessKeyId),
        has(AmazonS3ConfigKey::SecretAccessKey),
    );
    let (token, role) = (
        has(AmazonS3ConfigKey::WebIdentityTokenFile),
        has(AmazonS3ConfigKey::RoleArn),
    );
    let in_container = has(AmazonS3ConfigKey::ContainerCredentialsRelativeUri)
        || has(AmazonS3ConfigKey::ContainerCredentialsFullUri);
    if id != secret {
        return Err(
            "a key of S3 is AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY together, and one of the two is missing".to_owned(),
        );
    }
    if !id && token != role {
        return Err(
            "a cluster's sign-in is AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN together, and one of the two is missing".to_owned(),
        );
    }
    let profile = options.exposed().any(|(name, _)| name == PROFILE);
    if profile && !id && !token && !in_container {
        return Err(
            "AWS_PROFILE names a profile of ~/.aws, and hobbs does not read these. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (`aws configure export-credentials --format env` prints those of the profile), or unset AWS_PROFILE where the role of this machine is meant".to_owned(),
        );
    }
    Ok(())
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
