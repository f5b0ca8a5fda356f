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

/// The code in the XML that stores answer with.
fn code(text: &str) -> Option<String> {
    let (_, after) = text.split_once("<Code>")?;
    let (code, _) = after.split_once("</Code>")?;
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
