//! Commits batches beside the reading, so that the pace does not falter while files are written.

use std::future::Future;
use std::sync::Arc;

use hobbs_graph::Clock;
use hobbs_lake::{Derivation, HeldBack, Kept, LakeError, Run, Writer};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::batch::Batch;
use crate::memory::Memory;

/// Exchanges are derived each time that so many rows have come: often enough that they are few to
/// hold, seldom enough that their files are not small.
const DERIVE_ROWS: u64 = 40_000;

/// Users of whom a row has changed are committed together when they have so many rows, and at the end.
const HELD_BACK_ROWS: usize = 10_000;

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
    /// Each commit gives back the memory of its rows.
    pub(crate) fn start(
        writer: Writer,
        derivation: Derivation,
        run: Run,
        clock: Arc<dyn Clock>,
        memory: Arc<Memory>,
    ) -> Self {
        let (batches, incoming) = mpsc::channel(1);
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(commit_all(
            writer, derivation, run, clock, memory, incoming, stopped,
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
    writer: Writer,
    derivation: Derivation,
    run: Run,
    clock: Arc<dyn Clock>,
    memory: Arc<Memory>,
    mut incoming: mpsc::Receiver<Batch>,
    stopped: watch::Receiver<bool>,
) -> (Writer, Result<Committed, LakeError>) {
    let mut committing = Committing {
        writer,
        derivation,
        run,
        clock,
        memory,
        held_back: HeldBack::default(),
        kept: Kept::default(),
        underived: 0,
        stopped,
    };
    while let Some(batch) = incoming.recv().await {
        if let Err(error) = committing.commit(batch).await {
            return (committing.writer, Err(error));
        }
    }
    let derived = committing.end().await;
    let kept = committing.kept;
    let committed = derived.map(|derived| Committed { kept, derived });
    (committing.writer, committed)
}

struct Committing {
    writer: Writer,
    derivation: Derivation,
    run: Run,
    clock: Arc<dyn Clock>,
    memory: Arc<Memory>,
    /// Users of whom a row has changed wait for each other.
    held_back: HeldBack,
    kept: Kept,
    underived: u64,
    stopped: watch::Receiver<bool>,
}

impl Committing {
    async fn commit(&mut self, batch: Batch) -> Result<(), LakeError> {
        let (rows, now_ms) = (batch.rows.len(), self.clock.now_ms());
        let (kept, held_back) = self
            .writer
            .commit_unless_changed(&self.run, now_ms, batch.rows, batch.lines)
            .await?;
        self.count(kept, rows - held_back.rows.len());
        self.held_back.rows.append(held_back.rows);
        self.held_back.lines.extend(held_back.lines);
        if self.held_back.rows.len() >= HELD_BACK_ROWS {
            self.commit_held_back().await?;
        }
        if self.underived >= DERIVE_ROWS {
            self.derive().await?;
        }
        Ok(())
    }

    async fn commit_held_back(&mut self) -> Result<(), LakeError> {
        let HeldBack { rows, lines } = std::mem::take(&mut self.held_back);
        let (held_back, now_ms) = (rows.len(), self.clock.now_ms());
        let kept = self.writer.commit(&self.run, now_ms, rows, lines).await?;
        self.count(kept, held_back);
        Ok(())
    }

    fn count(&mut self, kept: Kept, rows: usize) {
        self.kept += kept;
        self.underived += kept.new + kept.changed;
        self.memory.give_back(rows);
    }

    /// Derives unless stopped; says whether it came to the end. A derivation may be cut off anywhere:
    /// the next one makes it good.
    async fn derive(&mut self) -> Result<bool, LakeError> {
        self.underived = 0;
        tokio::select! {
            biased;
            Ok(_) = self.stopped.wait_for(|stopped| *stopped) => Ok(false),
            derived = self.writer.derive(&self.derivation) => derived.map(|_| true),
        }
    }

    async fn end(&mut self) -> Result<bool, LakeError> {
        if !self.held_back.lines.is_empty() {
            self.commit_held_back().await?;
        }
        // Also what an earlier run left underived, and all where the rules have changed.
        self.derive().await
    }
}
