//! Commits batches beside the reading, so that the pace does not falter while files are written.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hobbs_graph::Clock;
use hobbs_lake::{Derivation, Kept, LakeError, Run, Writer};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::batch::Batch;

/// Exchanges are derived each time that so many rows have come: often enough that they are few to
/// hold, seldom enough that their files are not small.
const DERIVE_ROWS: u64 = 40_000;

/// Takes batches and commits them one after the other.
pub(crate) struct Committer {
    batches: mpsc::Sender<Batch>,
    task: JoinHandle<(Writer, Result<Kept, LakeError>)>,
}

/// The committer has ended because a commit failed.
pub(crate) struct Ended;

impl Committer {
    /// `waiting_rows` is lessened by the rows of each commit.
    pub(crate) fn start(
        writer: Writer,
        derivation: Derivation,
        run: Run,
        clock: Arc<dyn Clock>,
        waiting_rows: Arc<AtomicUsize>,
    ) -> Self {
        let (batches, incoming) = mpsc::channel(1);
        let task = tokio::spawn(commit_all(
            writer,
            derivation,
            run,
            clock,
            waiting_rows,
            incoming,
        ));
        Committer { batches, task }
    }

    /// Waits until a batch can be given.
    pub(crate) async fn ready(&self) -> Result<mpsc::Permit<'_, Batch>, Ended> {
        self.batches.reserve().await.map_err(|_| Ended)
    }

    /// Waits until all batches are committed, and gives the writer back.
    pub(crate) async fn finish(self) -> (Option<Writer>, Result<Kept, LakeError>) {
        drop(self.batches);
        match self.task.await {
            Ok((writer, result)) => (Some(writer), result),
            Err(error) => (
                None,
                Err(LakeError::Query(format!(
                    "committing ended in a fault of hobbs: {error}"
                ))),
            ),
        }
    }
}

async fn commit_all(
    mut writer: Writer,
    derivation: Derivation,
    run: Run,
    clock: Arc<dyn Clock>,
    waiting_rows: Arc<AtomicUsize>,
    mut incoming: mpsc::Receiver<Batch>,
) -> (Writer, Result<Kept, LakeError>) {
    let mut all = Kept::default();
    let mut underived = 0;
    while let Some(batch) = incoming.recv().await {
        match writer
            .commit(&run, clock.now_ms(), &batch.rows, batch.lines)
            .await
        {
            Ok(kept) => {
                all += kept;
                underived += kept.new + kept.changed;
            }
            Err(error) => return (writer, Err(error)),
        }
        waiting_rows.fetch_sub(batch.rows.len(), Ordering::Relaxed);
        drop(batch.rows);
        if underived >= DERIVE_ROWS {
            if let Err(error) = writer.derive(&derivation).await {
                return (writer, Err(error));
            }
            underived = 0;
        }
    }
    // Also what an earlier run left underived, and all where the rules have changed.
    match writer.derive(&derivation).await {
        Ok(_) => (writer, Ok(all)),
        Err(error) => (writer, Err(error)),
    }
}
