//! Commits batches beside the reading, so that the pace does not falter while files are written.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hobbs_graph::Clock;
use hobbs_lake::{Derivation, Kept, LakeError, Run, Writer};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::batch::Batch;

/// Exchanges are derived each time that so many rows have come: often enough that they are few to
/// hold, seldom enough that their files are not small.
const DERIVE_ROWS: u64 = 40_000;

/// Takes batches and commits them one after the other.
pub(crate) struct Committer {
    batches: mpsc::Sender<Batch>,
    /// True once nothing more is to be derived.
    stop: watch::Sender<bool>,
    task: JoinHandle<(Writer, Result<Committed, LakeError>)>,
}

/// What was committed.
pub(crate) struct Committed {
    pub(crate) kept: Kept,
    /// Whether all of it was derived too. What was not is derived by the next run.
    pub(crate) derived: bool,
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
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(commit_all(
            writer,
            derivation,
            run,
            clock,
            waiting_rows,
            incoming,
            stopped,
        ));
        Committer {
            batches,
            stop,
            task,
        }
    }

    /// Waits until a batch can be given.
    pub(crate) async fn ready(&self) -> Result<mpsc::Permit<'_, Batch>, Ended> {
        self.batches.reserve().await.map_err(|_| Ended)
    }

    /// Waits until all batches are committed and derived, and gives the writer back. `stop` cuts
    /// deriving short, which may take minutes, never a commit.
    pub(crate) async fn finish(
        self,
        stop: impl Future<Output = ()>,
    ) -> (Option<Writer>, Result<Committed, LakeError>) {
        drop(self.batches);
        let mut task = self.task;
        let ended = tokio::select! {
            biased;
            ended = &mut task => ended,
            () = stop => {
                self.stop.send_replace(true);
                task.await
            }
        };
        match ended {
            Ok((writer, result)) => (Some(writer), result),
            // What a panic says may quote what was being written.
            Err(_) => (
                None,
                Err(LakeError::Query(
                    "committing ended in a fault of hobbs, please report it".to_owned(),
                )),
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
    mut stopped: watch::Receiver<bool>,
) -> (Writer, Result<Committed, LakeError>) {
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
            if let Err(error) = derive(&mut writer, &derivation, &mut stopped).await {
                return (writer, Err(error));
            }
            underived = 0;
        }
    }
    // Also what an earlier run left underived, and all where the rules have changed.
    let derived = derive(&mut writer, &derivation, &mut stopped).await;
    let committed = derived.map(|derived| Committed { kept: all, derived });
    (writer, committed)
}

/// Derives unless stopped; says whether it came to the end. A derivation may be cut off anywhere:
/// the next one makes it good.
async fn derive(
    writer: &mut Writer,
    derivation: &Derivation,
    stopped: &mut watch::Receiver<bool>,
) -> Result<bool, LakeError> {
    tokio::select! {
        biased;
        Ok(_) = stopped.wait_for(|stopped| *stopped) => Ok(false),
        derived = writer.derive(derivation) => derived.map(|_| true),
    }
}
