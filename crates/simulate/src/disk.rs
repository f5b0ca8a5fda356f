//! The lake's files, and what a process that may end at any moment can do to them.
//!
//! Files stay in memory: so a seed takes milliseconds, and what happens does not depend on how fast
//! a disk is. What really goes to a disk is tested elsewhere, by killing real processes.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use hobbs_lake::arrow::array::RecordBatch;
use hobbs_lake::object_store::memory::InMemory;
use hobbs_lake::object_store::path::Path;
use hobbs_lake::object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt as _, PutMultipartOptions, PutOptions, PutPayload, PutResult,
    Result, UploadPart,
};
use hobbs_lake::{Location, OwnStore};
use tokio::runtime::{Handle, Id};
use tokio::sync::Notify;

use crate::chance::hash;

/// What happens to the writes of one process, counted from 1: those to one table where one is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Troubled {
    /// The table; None for all.
    pub table: Option<&'static str>,
    /// What happens.
    pub trouble: Trouble,
}

impl Troubled {
    /// All writes are made.
    pub const NOT: Self = Troubled {
        table: None,
        trouble: Trouble::None,
    };

    fn concerns(&self, path: &Path) -> bool {
        self.table
            .is_none_or(|table| path.as_ref().starts_with(&format!("{table}/")))
    }
}

/// What happens to writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// All are made.
    None,
    /// The process ends as it makes this one, which is not made.
    CrashBefore(u64),
    /// This one is made, and the process ends before it learns that.
    CrashAfter(u64),
    /// From the first on so many are refused, as by a disk that is full for a while.
    Refused {
        /// The first.
        from: u64,
        /// How many.
        count: u64,
    },
}

/// Files that outlive processes.
#[derive(Debug, Default)]
pub struct Disk {
    files: Arc<InMemory>,
    /// Rows of the files that were read from outside: a file of a table is never written again.
    read: Mutex<HashMap<Path, Vec<RecordBatch>>>,
}

impl Disk {
    /// The files themselves, for whoever looks at them from outside.
    pub fn files(&self) -> &InMemory {
        &self.files
    }

    /// The rows of a file, which `read` reads the first time.
    pub(crate) async fn once_read(
        &self,
        path: &Path,
        read: impl AsyncFnOnce() -> std::result::Result<Vec<RecordBatch>, String>,
    ) -> std::result::Result<Vec<RecordBatch>, String> {
        let known = || self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rows) = known().get(path) {
            return Ok(rows.clone());
        }
        let rows = read().await?;
        known().insert(path.clone(), rows.clone());
        Ok(rows)
    }

    /// The disk as a new process sees it, in the runtime of now. A write takes up to `slowness_ms`
    /// there, drawn from `salt`.
    pub fn mount(&self, trouble: Troubled, slowness_ms: u64, salt: u64) -> Mount {
        Mount(Arc::new(Mounted {
            files: Arc::clone(&self.files),
            trouble,
            slowness_ms,
            salt,
            writes: AtomicU64::new(0),
            concerned: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            crashed: Notify::new(),
            runtime: Handle::current().id(),
        }))
    }
}

/// What one process sees of the disk.
#[derive(Clone)]
pub struct Mount(Arc<Mounted>);

struct Mounted {
    files: Arc<InMemory>,
    trouble: Troubled,
    slowness_ms: u64,
    salt: u64,
    writes: AtomicU64,
    /// Of these, writes that the trouble concerns.
    concerned: AtomicU64,
    /// 1 once the process has ended.
    ended: AtomicU64,
    crashed: Notify,
    runtime: Id,
}

impl Mount {
    /// Where this process finds its lake.
    pub fn location(&self) -> Location {
        Location::Store(OwnStore::new(Arc::new(self.clone())))
    }

    /// Waits until the process has ended by a write.
    pub async fn crashed(&self) {
        self.0.crashed.notified().await;
    }

    /// Ends the process: what of it is still running reads and writes nothing any more.
    pub fn end(&self) {
        self.0.ended.store(1, Ordering::SeqCst);
    }

    /// Writes so far, those refused among them.
    pub fn writes(&self) -> u64 {
        self.0.writes.load(Ordering::SeqCst)
    }

    fn living(&self) -> Result<()> {
        match self.0.ended.load(Ordering::SeqCst) {
            0 => Ok(()),
            _ => Err(refusal("the process has ended")),
        }
    }

    /// Waits as long as the disk takes. What deltalake asks for from threads of its own does not
    /// wait: their time is not the simulation's.
    async fn wait(&self, number: u64) {
        if self.0.slowness_ms > 0 && Handle::current().id() == self.0.runtime {
            let wait_ms = hash(&[self.0.salt, number]) % (self.0.slowness_ms + 1);
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        }
    }

    async fn write<T>(&self, path: &Path, made: impl Future<Output = Result<T>>) -> Result<T> {
        self.living()?;
        let number = self.0.writes.fetch_add(1, Ordering::SeqCst) + 1;
        self.wait(number).await;
        // Another write may have been the last in the meantime.
        self.living()?;
        if !self.0.trouble.concerns(path) {
            return made.await;
        }
        let number = self.0.concerned.fetch_add(1, Ordering::SeqCst) + 1;
        match self.0.trouble.trouble {
            Trouble::CrashBefore(last) if number >= last => Err(self.crash()),
            Trouble::CrashAfter(last) if number >= last => {
                if number == last {
                    made.await?;
                }
                Err(self.crash())
            }
            Trouble::Refused { from, count } if (from..from + count).contains(&number) => {
                Err(refusal("no space left"))
            }
            _ => made.await,
        }
    }

    fn crash(&self) -> Error {
        self.end();
        self.0.crashed.notify_one();
        refusal("the process has ended")
    }
}

fn refusal(reason: &'static str) -> Error {
    Error::Generic {
        store: "simulated disk",
        source: reason.into(),
    }
}

impl fmt::Debug for Mount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("simulated disk")
    }
}

impl fmt::Display for Mount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("simulated disk")
    }
}

#[async_trait]
impl ObjectStore for Mount {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.write(location, self.0.files.put_opts(location, payload, options))
            .await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.living()?;
        let upload = self.0.files.put_multipart_opts(location, options).await?;
        Ok(Box::new(Upload {
            mount: self.clone(),
            path: location.clone(),
            upload,
        }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.living()?;
        self.0.files.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.living()?;
        self.0.files.get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let mount = self.clone();
        locations
            .and_then(move |location| {
                let mount = mount.clone();
                async move {
                    let deleted = mount.0.files.delete(&location);
                    mount.write(&location, deleted).await?;
                    Ok(location)
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.living() {
            Ok(()) => self.0.files.list(prefix),
            Err(error) => futures::stream::iter([Err(error)]).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.living()?;
        self.0.files.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.write(to, self.0.files.copy_opts(from, to, options))
            .await
    }
}

/// An upload in parts; the file is there once it is complete.
#[derive(Debug)]
struct Upload {
    mount: Mount,
    path: Path,
    upload: Box<dyn MultipartUpload>,
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.upload.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let mount = self.mount.clone();
        mount.write(&self.path, self.upload.complete()).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.upload.abort().await
    }
}
