//! Whether a store does what a lake needs, tried out.

use deltalake::logstore::object_store::path::Path;
use deltalake::logstore::object_store::{
    Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload,
};
use futures::TryStreamExt;

use super::trouble::StoreTrouble;
use crate::error::LakeError;
use crate::location::Location;

/// Lists the lake, writes an object, sees a second one under its name refused, reads it, and deletes
/// it. A lake in a folder has nothing to be tried.
///
/// # Errors
/// [`LakeError::Probe`] names the step, and says what to do.
pub async fn probe(location: &Location) -> Result<(), LakeError> {
    let Location::Address(remote) = location else {
        return Ok(());
    };
    let store = remote.store();
    let failed = |step: &'static str| {
        move |error: Error| LakeError::Probe {
            location: location.to_string(),
            step,
            trouble: StoreTrouble::of(&error).unwrap_or_else(|| StoreTrouble::other(&error)),
        }
    };
    let folder =
        Path::from_url_path(remote.url().path()).map_err(|error| failed("list")(error.into()))?;
    let listed = store.list(Some(&folder)).try_next().await;
    listed.map_err(failed("list"))?;

    let name = format!(".hobbs-probe-{}", uuid::Uuid::new_v4());
    let object = folder.join(name.as_str());
    let create = || async {
        let options = PutOptions::from(PutMode::Create);
        store
            .put_opts(&object, PutPayload::from_static(b"hobbs"), options)
            .await
    };
    create().await.map_err(failed("write to"))?;
    let second = create().await;
    let read = async { store.get(&object).await?.bytes().await };
    let read = read.await;
    let deleted = store.delete(&object).await;
    match second {
        Err(Error::AlreadyExists { .. }) => {}
        Ok(_) => {
            return Err(LakeError::Overwrites {
                location: location.to_string(),
            });
        }
        Err(error) => return Err(failed("write to")(error)),
    }
    read.map_err(failed("read from"))?;
    deleted.map_err(failed("delete from"))
}
