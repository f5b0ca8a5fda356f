//! What a store's refusal means, and what to do about it.

use std::error::Error as StdError;

use deltalake::logstore::object_store::Error as StoreError;

use super::tokens::TokenError;

/// Why a store did not do what was asked of it, other than that an object is missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreTrouble {
    /// There is no token to ask with.
    #[error("hobbs can't sign in to the store: {0}")]
    NoToken(String),
    /// No keys, and no role of the machine or the container.
    #[error(
        "hobbs has nothing to sign in to S3 with: no keys are set, and no role was given to this machine or container ({0}). Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN with keys that end), or give the machine (EC2), the task (ECS) or the pod (EKS) a role; docs/configuration.md says more"
    )]
    NoKeys(String),
    /// The container, bucket or workspace is not there.
    #[error(
        "the container, bucket or workspace does not exist ({0}): make it, or mend the address; hobbs makes folders in it, not the container itself"
    )]
    NoContainer(String),
    /// 401, or a signature that is wrong.
    #[error(
        "the store does not accept the sign-in ({0}): check the key, signature or app that hobbs is given, that it has not ended, that it belongs to this account, and this machine's clock"
    )]
    NotAccepted(String),
    /// 403.
    #[error(
        "the store knows who asks, and does not allow it ({0}). Azure: the role Storage Blob Data Contributor on the container or account. Fabric: Contributor in the workspace, and the tenant setting that service principals may use Fabric APIs. AWS: s3:ListBucket on the bucket; s3:GetObject, s3:PutObject and s3:DeleteObject in it. A new role takes some minutes; firewalls of the account refuse in the same way"
    )]
    NotAllowed(String),
    /// Each bucket of S3 is in one region, and no other knows it.
    #[error(
        "the bucket is in another region than AWS_REGION says ({0}): set AWS_REGION to its own"
    )]
    OtherRegion(String),
    /// No answer.
    #[error("the store can't be reached ({0}): check the address, the network and proxies")]
    Unreachable(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// Words of Azure, OneLake and S3 for a container that is not there.
const NO_CONTAINER: [&str; 6] = [
    "ContainerNotFound",
    "FilesystemNotFound",
    "NoSuchBucket",
    "WorkspaceNotFound",
    "ArtifactNotFound",
    "AccountNotFound",
];

/// Parts of the addresses at which AWS gives machines and containers keys of their role: nobody else is asked there
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html>,
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html>).
const OF_ROLES: [&str; 3] = [
    "/latest/api/token",
    "/latest/meta-data/iam/",
    "//169.254.170.2",
];

/// Words for a sign-in that is wrong; the status (400 or 403) alone does not tell.
const NOT_ACCEPTED: [&str; 7] = [
    "AuthenticationFailed",
    "InvalidAuthenticationInfo",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "RequestTimeTooSkewed",
];

/// object_store's words for S3's answer that says in which region a bucket is; it does not follow.
const REDIRECTED: &str = "incorrectly configured region";

/// The name under which a trouble passes through the engine.
const STORE: &str = "object store";

impl StoreTrouble {
    /// The trouble in an error of the engine's; None where it is about an object, or of a local disk.
    pub(crate) fn of(error: &(dyn StdError + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(trouble) = error.downcast_ref::<StoreTrouble>() {
                return Some(trouble.clone());
            }
            next = error.source();
        }
        // Delta's kernel keeps the words alone.
        let text = error.to_string();
        let (_, words) = text.split_once(&format!("Generic {STORE} error: "))?;
        let words = words.lines().next().unwrap_or_default();
        Some(StoreTrouble::Other(words.to_owned()))
    }

    /// What a remote store's own error means; None where it is about one object, which is nothing
    /// out of the ordinary.
    pub(super) fn behind(error: &StoreError) -> Option<Self> {
        let mut next: Option<&(dyn StdError + 'static)> = Some(error);
        while let Some(error) = next {
            if let Some(error) = error.downcast_ref::<TokenError>() {
                return Some(StoreTrouble::NoToken(error.to_string()));
            }
            next = error.source();
        }
        let text = error.to_string();
        if OF_ROLES.iter().any(|part| text.contains(part)) {
            return Some(StoreTrouble::NoKeys(root(error)));
        }
        let code = code(&text);
        let known = code.as_deref().unwrap_or_default();
        if NO_CONTAINER.contains(&known) {
            return Some(StoreTrouble::NoContainer(known.to_owned()));
        }
        if let StoreError::NotFound { .. }
        | StoreError::AlreadyExists { .. }
        | StoreError::Precondition { .. }
        | StoreError::NotModified { .. }
        | StoreError::InvalidPath { .. } = error
        {
            return None;
        }
        let said = || code.clone().unwrap_or_else(|| line(&text));
        Some(match status(&text) {
            _ if known == "AccessDenied" => StoreTrouble::NotAllowed(said()),
            _ if known == "AuthorizationHeaderMalformed" || text.contains(REDIRECTED) => {
                StoreTrouble::OtherRegion(said())
            }
            Some(_) if NOT_ACCEPTED.contains(&known) => StoreTrouble::NotAccepted(said()),
            Some(401) => StoreTrouble::NotAccepted(said()),
            Some(403) => StoreTrouble::NotAllowed(said()),
            // The object is shorter than what was asked of it.
            Some(416) => return None,
            None if text.contains("Error performing") => StoreTrouble::Unreachable(root(error)),
            _ => StoreTrouble::other(error),
        })
    }

    pub(super) fn other(error: &StoreError) -> Self {
        StoreTrouble::Other(format!("the store answers: {}", line(&error.to_string())))
    }
}

/// So that it passes through the engine, which knows the errors of object_store alone.
impl From<StoreTrouble> for StoreError {
    fn from(trouble: StoreTrouble) -> Self {
        StoreError::Generic {
            store: STORE,
            source: Box::new(trouble),
        }
    }
}

/// The words of the innermost error: the outer ones repeat them.
fn root(error: &StoreError) -> String {
    let mut error: &dyn StdError = error;
    while let Some(source) = error.source() {
        error = source;
    }
    line(&error.to_string())
}

/// The status in object_store's words; it has no other form for us.
fn status(text: &str) -> Option<u16> {
    let (_, after) = text.rsplit_once("status code: ")?;
    after.get(..3)?.parse().ok()
}

/// The code in the XML that stores answer with, or in object_store's words for one of many objects.
fn code(text: &str) -> Option<String> {
    let between = |before: &str, after: &str| Some(text.split_once(before)?.1.split_once(after)?.0);
    let code = between("<Code>", "</Code>").or_else(|| between("(code: ", ")"))?;
    let is_word = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_word.then(|| code.to_owned())
}

/// On one line, and no longer than a person reads.
fn line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(400).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn generic(text: &str) -> StoreError {
        StoreError::Generic {
            store: "MicrosoftAzure",
            source: text.into(),
        }
    }

    fn answer(status: &str, code: &str) -> String {
        format!(
            "Error performing list request: Error performing GET https://acme.blob.core.windows.net/lake in 9ms - Server returned non-2xx status code: {status}: <?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>words\nRequestId:1</Message></Error>"
        )
    }

    #[test]
    fn an_answer_says_what_to_do() {
        let of = |text: &str| StoreTrouble::behind(&generic(text)).unwrap();
        assert_eq!(
            of(&answer("404 Not Found", "ContainerNotFound")),
            StoreTrouble::NoContainer("ContainerNotFound".to_owned())
        );
        assert_eq!(
            of(&answer("403 Forbidden", "AuthenticationFailed")),
            StoreTrouble::NotAccepted("AuthenticationFailed".to_owned())
        );
        assert_eq!(
            of(&answer("403 Forbidden", "AuthorizationPermissionMismatch")),
            StoreTrouble::NotAllowed("AuthorizationPermissionMismatch".to_owned())
        );
        assert_eq!(
            of("DeleteObjects request failed for key a/b: Access Denied (code: AccessDenied)"),
            StoreTrouble::NotAllowed("AccessDenied".to_owned())
        );
        assert_eq!(
            of(&answer("400 Bad Request", "AuthorizationHeaderMalformed")),
            StoreTrouble::OtherRegion("AuthorizationHeaderMalformed".to_owned())
        );
        assert!(matches!(
            of("Error performing list request: tcp connect error"),
            StoreTrouble::Unreachable(_)
        ));
        assert!(matches!(
            of(&answer("400 Bad Request", "InvalidQueryParameterValue")),
            StoreTrouble::Other(_)
        ));
    }

    #[test]
    fn a_machine_without_a_role_is_told_which_keys_to_set() {
        let asked = "Error performing PUT http://169.254.169.254/latest/api/token in 9ms";
        for answer in ["tcp connect error", "status code: 404 Not Found"] {
            let trouble = StoreTrouble::behind(&generic(&format!("{asked} - {answer}")));
            let said = trouble.unwrap().to_string();
            assert!(said.contains("AWS_ACCESS_KEY_ID"), "{said}");
        }
    }

    #[test]
    fn an_object_that_was_cut_is_no_trouble() {
        let cut = generic(&answer("416 Range Not Satisfiable", "InvalidRange"));
        assert_eq!(StoreTrouble::behind(&cut), None);
    }

    #[test]
    fn a_missing_object_is_no_trouble() {
        let missing = StoreError::NotFound {
            path: "a".to_owned(),
            source: answer("404 Not Found", "BlobNotFound").into(),
        };
        assert_eq!(StoreTrouble::behind(&missing), None);
    }

    #[test]
    fn it_is_recognized_behind_the_engine() {
        let trouble = StoreTrouble::NotAllowed("AccessDenied".to_owned());
        let error: StoreError = trouble.clone().into();
        let engine = deltalake::DeltaTableError::from(error);
        assert_eq!(StoreTrouble::of(&engine), Some(trouble.clone()));
        // As the kernel passes it on.
        let words = format!("Kernel error: {}", StoreError::from(trouble.clone()));
        let kernel = deltalake::DeltaTableError::Generic(words);
        let found = StoreTrouble::of(&kernel).unwrap();
        assert_eq!(found.to_string(), trouble.to_string());
        let disk = deltalake::DeltaTableError::Generic("input/output error".to_owned());
        assert_eq!(StoreTrouble::of(&disk), None);
    }
}
