//! A store as the engine should see it: it shows no secret, and keeps to the letter what commits and
//! the reading of logs stand on.

use std::fmt;
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use deltalake::logstore::object_store::path::Path;
use deltalake::logstore::object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions,
    Result, UploadPart,
};
use futures::future::ready;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};

use super::trouble::StoreTrouble;

/// Another store behind it.
pub(super) struct Guarded<S>(S);

impl<S: ObjectStore> Guarded<S> {
    pub(super) fn new(store: S) -> Self {
        Guarded(store)
    }
}

/// The engine writes this into its logs; the stores' own would show the key.
impl<S: ObjectStore> fmt::Debug for Guarded<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl<S: ObjectStore> fmt::Display for Guarded<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The error as the engine gets it: what a remote store's refusal means.
fn plain(error: Error) -> Error {
    match StoreTrouble::behind(&error) {
        Some(trouble) => trouble.into(),
        None => error,
    }
}

#[async_trait]
impl<S: ObjectStore> ObjectStore for Guarded<S> {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let creates = matches!(options.mode, PutMode::Create);
        let put = self.0.put_opts(location, payload, options).await;
        put.map_err(|error| match error {
            // How a store says that the file is there is its own affair.
            Error::Precondition { path, source } if creates => {
                Error::AlreadyExists { path, source }
            }
            error => plain(error),
        })
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let upload = self.0.put_multipart_opts(location, options).await;
        Ok(Box::new(GuardedUpload(upload.map_err(plain)?)))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let got = self.0.get_opts(location, options).await;
        got.map_err(plain)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let got = self.0.get_ranges(location, ranges).await;
        got.map_err(plain)
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(locations).map_err(plain).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list(prefix).map_err(plain).boxed()
    }

    /// Stores that do not know where to begin (Azurite) begin at the beginning.
    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let offset = offset.clone();
        let listed = self.0.list_with_offset(prefix, &offset).map_err(plain);
        listed
            .try_filter(move |file| ready(file.location > offset))
            .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let listed = self.0.list_with_delimiter(prefix).await;
        listed.map_err(plain)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let copied = self.0.copy_opts(from, to, options).await;
        copied.map_err(plain)
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let renamed = self.0.rename_opts(from, to, options).await;
        renamed.map_err(plain)
    }
}

/// An upload in parts.
struct GuardedUpload(Box<dyn MultipartUpload>);

impl fmt::Debug for GuardedUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GuardedUpload")
    }
}

#[async_trait]
impl MultipartUpload for GuardedUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let part = self.0.put_part(data);
        Box::pin(async move { part.await.map_err(plain) })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.0.complete().await.map_err(plain)
    }

    async fn abort(&mut self) -> Result<()> {
        self.0.abort().await.map_err(plain)
    }
}
