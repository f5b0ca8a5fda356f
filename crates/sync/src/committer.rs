//! Commits batches beside the reading, so that the pace does not falter while files are written.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hobbs_graph::Clock;
use hobbs_lake::{Derivation, HeldBack, Kept, LakeError, Run, Writer};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::batch::Batch;

/// Exchanges are derived each time that so many rows have come: often enough that they are few to
/// hold, seldom enough that their files are not small.
const DERIVE_ROWS: u64 = 40_000;

/// Users of whom a row has changed are committed together when they have so many rows, and at the end.
const HELD_BACK_ROWS: usize = 10_000;

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
    writer: Writer,
    derivation: Derivation,
    run: Run,
    clock: Arc<dyn Clock>,
    waiting_rows: Arc<AtomicUsize>,
    mut incoming: mpsc::Receiver<Batch>,
) -> (Writer, Result<Kept, LakeError>) {
    let mut committing = Committing {
        writer,
        derivation,
        run,
        clock,
        waiting_rows,
        held_back: HeldBack::default(),
        kept: Kept::default(),
        underived: 0,
    };
    while let Some(batch) = incoming.recv().await {
        if let Err(error) = committing.commit(batch).await {
            return (committing.writer, Err(error));
        }
    }
    let ended = committing.end().await;
    (committing.writer, ended.map(|()| committing.kept))
}

struct Committing {
    writer: Writer,
    derivation: Derivation,
    run: Run,
    clock: Arc<dyn Clock>,
    waiting_rows: Arc<AtomicUsize>,
    /// Users of whom a row has changed wait for each other.
    held_back: HeldBack,
    kept: Kept,
    underived: u64,
}

impl Committing {
    async fn commit(&mut self, batch: Batch) -> Result<(), LakeError> {
        let (rows, now_ms) = (batch.rows.len(), self.clock.now_ms());
        let (kept, mut held_back) = self
            .writer
            .commit_unless_changed(&self.run, now_ms, batch.rows, batch.lines)
            .await?;
        self.count(kept, rows - held_back.rows.len());
        self.held_back.rows.append(&mut held_back.rows);
        self.held_back.lines.append(&mut held_back.lines);
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
        let now_ms = self.clock.now_ms();
        let kept = self.writer.commit(&self.run, now_ms, &rows, lines).await?;
        self.count(kept, rows.len());
        Ok(())
    }

    fn count(&mut self, kept: Kept, rows: usize) {
        self.kept += kept;
        self.underived += kept.new + kept.changed;
        self.waiting_rows.fetch_sub(rows, Ordering::Relaxed);
    }

    async fn derive(&mut self) -> Result<(), LakeError> {
        self.writer.derive(&self.derivation).await?;
        self.underived = 0;
        Ok(())
    }

    async fn end(&mut self) -> Result<(), LakeError> {
        if !self.held_back.lines.is_empty() {
            self.commit_held_back().await?;
        }
        // Also what an earlier run left underived, and all where the rules have changed.
        self.derive().await
    }
}
