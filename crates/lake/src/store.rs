//! Local files that survive a power cut and belong to their owner alone.
//!
//! object_store 0.13's `LocalFileSystem` never syncs, so that a power cut could leave an empty
//! commit in the log. Here a file is synced before it gets its name, and the folder after it.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::ops::Range;
use std::path::Path as FilePath;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use deltalake::logstore::object_store::local::LocalFileSystem;
use deltalake::logstore::object_store::path::Path;
use deltalake::logstore::object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions,
    Result, UploadPart,
};
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};

use crate::error::system_error;

/// Names of staged files end in `#` and digits: object_store leaves such files out of listings.
static STAGED: AtomicU64 = AtomicU64::new(0);

/// `LocalFileSystem`, made durable. Its root is the root of the file system.
#[derive(Debug)]
pub(crate) struct DurableFiles {
    files: LocalFileSystem,
}

impl DurableFiles {
    pub(crate) fn new() -> Self {
        DurableFiles {
            files: LocalFileSystem::new(),
        }
    }

    async fn sync(&self, location: &Path) -> Result<()> {
        let path = self.files.path_to_filesystem(location)?;
        blocking(move || {
            restrict(&path)?;
            // Windows syncs what may be written alone.
            OpenOptions::new().write(true).open(&path)?.sync_all()?;
            sync_folder(&path)
        })
        .await
    }
}

impl fmt::Display for DurableFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "durable {}", self.files)
    }
}

#[async_trait]
impl ObjectStore for DurableFiles {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let path = self.files.path_to_filesystem(location)?;
        let create = matches!(options.mode, PutMode::Create);
        let name = location.to_string();
        let file = path.clone();
        tokio::task::spawn_blocking(move || put(&file, &payload, create))
            .await
            .map_err(|source| Error::JoinError { source })?
            .map_err(|source| match source.kind() {
                ErrorKind::AlreadyExists if create => Error::AlreadyExists {
                    path: name,
                    source: Box::new(source),
                },
                _ => generic(at(&path, &source)),
            })?;
        Ok(PutResult {
            e_tag: None,
            version: None,
        })
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let upload = self.files.put_multipart_opts(location, options).await?;
        Ok(Box::new(DurableUpload {
            upload,
            path: self.files.path_to_filesystem(location)?,
        }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.files.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.files.get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.files.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.files.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        // The kernel trusts every store but one of `file:` to list in order.
        let found = self.files.list_with_offset(prefix, offset);
        let sorted = async move {
            let mut found: Vec<ObjectMeta> = found.try_collect().await?;
            found.sort_unstable_by(|a, b| a.location.cmp(&b.location));
            Ok::<_, Error>(stream::iter(found.into_iter().map(Ok)))
        };
        stream::once(sorted).try_flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.files.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.files.copy_opts(from, to, options).await?;
        self.sync(to).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.files.rename_opts(from, to, options).await?;
        self.sync(to).await
    }
}

/// Writes a file under a staged name, syncs it, and only then gives it its name.
fn put(path: &FilePath, payload: &PutPayload, create: bool) -> std::io::Result<()> {
    let (mut file, staged) = stage(path)?;
    let written = payload
        .iter()
        .try_for_each(|part| file.write_all(part))
        .and_then(|()| file.sync_all())
        .and_then(|()| {
            drop(file);
            // A hard link fails where the name is taken, which is how two writers of one version
            // of the log are kept apart; a rename would replace the other's commit.
            if create {
                std::fs::hard_link(&staged, path)
            } else {
                std::fs::rename(&staged, path)
            }
        });
    if create || written.is_err() {
        // Left over, it would be ignored by every reader, so a failure here costs space alone.
        let _ = std::fs::remove_file(&staged);
    }
    written.and_then(|()| sync_folder(path))
}

fn stage(path: &FilePath) -> std::io::Result<(File, PathBuf)> {
    let mut created_folder = false;
    loop {
        let number = u64::from(std::process::id()) << 32
            | (STAGED.fetch_add(1, Ordering::Relaxed) & 0xffff_ffff);
        let mut staged = path.as_os_str().to_owned();
        staged.push(format!("#{number}"));
        let staged = PathBuf::from(staged);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&staged) {
            Ok(file) => return Ok((file, staged)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) if error.kind() == ErrorKind::NotFound && !created_folder => {
                if let Some(folder) = path.parent() {
                    create_private_folder(folder)?;
                }
                created_folder = true;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Deletes what was staged below a folder by processes that were killed before it got its name; gives
/// how many files. Only for whoever holds the lake's lock: nobody else stages anything then.
pub(crate) fn delete_staged(folder: &FilePath) -> std::io::Result<u64> {
    let mut deleted = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            deleted += delete_staged(&path)?;
        } else if is_staged(&path) {
            std::fs::remove_file(&path)?;
            deleted += 1;
        }
    }
    Ok(deleted)
}

fn is_staged(path: &FilePath) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let number = name.and_then(|name| name.rsplit_once('#'));
    number.is_some_and(|(_, number)| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Creates a folder and its parents, open to their owner alone.
pub(crate) fn create_private_folder(folder: &FilePath) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    sync_folder(folder)
}

#[cfg(unix)]
fn restrict(path: &FilePath) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn restrict(_: &FilePath) -> std::io::Result<()> {
    Ok(())
}

/// Makes a new name durable: the name lives in the folder, not in the file.
fn sync_folder(path: &FilePath) -> std::io::Result<()> {
    match path.parent() {
        // Windows can't open a folder as a file; NTFS journals its names.
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|source| Error::JoinError { source })?
        .map_err(generic)
}

/// The system names no file in its errors.
fn at(path: &FilePath, source: &std::io::Error) -> std::io::Error {
    std::io::Error::new(source.kind(), format!("{}: {source}", path.display()))
}

/// The same for an error that has one of the system's at its root.
fn named(path: &FilePath, error: Error) -> Error {
    match system_error(&error) {
        Some(source) => generic(at(path, source)),
        None => error,
    }
}

fn generic(source: std::io::Error) -> Error {
    Error::Generic {
        store: "local files",
        source: Box::new(source),
    }
}

/// An upload in parts whose file is synced when it is whole.
#[derive(Debug)]
struct DurableUpload {
    upload: Box<dyn MultipartUpload>,
    path: PathBuf,
}

#[async_trait]
impl MultipartUpload for DurableUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let (part, path) = (self.upload.put_part(data), self.path.clone());
        Box::pin(async move { part.await.map_err(|error| named(&path, error)) })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let result = self.upload.complete().await;
        let result = result.map_err(|error| named(&self.path, error))?;
        let path = self.path.clone();
        blocking(move || {
            restrict(&path)?;
            // Windows syncs only what was opened for writing.
            OpenOptions::new().write(true).open(&path)?.sync_all()?;
            sync_folder(&path)
        })
        .await?;
        Ok(result)
    }

    async fn abort(&mut self) -> Result<()> {
        self.upload.abort().await
    }
}
