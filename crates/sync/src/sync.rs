//! One sync: directory, plan, reading many users at once, commits, the run's end.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::Fuse;
use hobbs_graph::groups::GroupError;
use hobbs_graph::{Client, Clock, ReadError, SignInError};
use hobbs_interaction::Ingest;
use hobbs_lake::{LakeError, NewestRun, Run, RunCounts, RunStatus, Writer};

use crate::committer::{Committer, Ended};
use crate::memory::Memory;
use crate::options::SyncOptions;
use crate::plan::Plan;
use crate::prepare::prepare;
use crate::progress::{Progress, Stage};
use crate::reading::{Reading, STOPPED};
use crate::summary::SyncSummary;
use crate::usage::{self, AFTER_HISTORIES, Outcome, UsageReading};

/// The sync as a whole failed. What was committed before is whole.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// No token.
    #[error("cannot sign in: {0}")]
    SignIn(#[from] SignInError),
    /// The directory can't be read.
    #[error("cannot read the users: {0}")]
    Users(#[source] ReadError),
    /// Who is in scope can't be told.
    #[error("cannot tell who is in scope: {0}")]
    Scope(#[from] GroupError),
    /// Who is never to be read can't be told.
    #[error(
        "[scope] exclude: nobody in the directory is called \"{0}\", and the lake knows nobody of that name from earlier. Somebody may be meant who would be read: give a user principal name or an object id as Entra has it, or take the name out; no history was read"
    )]
    ExcludesNobody(String),
    /// The lake can't be read or written.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// Stopped by whoever started it.
    #[error("stopped before anything was read; run `hobbs sync` again")]
    Stopped,
}

/// Reads what `options` ask for into the lake. `stop` ends the reading in an orderly way: what is
/// whole is committed, and the summary says partial.
///
/// # Errors
/// [`SyncError`] where the run as a whole failed; a user that can't be read is no error, but stands
/// in the summary and in `coverage`.
pub async fn sync(
    client: &Client,
    clock: Arc<dyn Clock>,
    options: &SyncOptions,
    progress: &mut dyn Progress,
    stop: impl Future<Output = ()>,
) -> Result<SyncSummary, SyncError> {
    let mut stop = std::pin::pin!(stop.fuse());
    let begun = tokio::select! {
        biased; // asked for first, so that it is listened for from the beginning
        () = &mut stop => Err(SyncError::Stopped),
        begun = begin(client, &*clock, options, "sync", progress) => begun,
    };
    let (writer, run, mut summary) = begun?;
    let ingest = options
        .judgment
        .ingest(&run.tenant_id, options.content, writer.fingerprint_key());
    let mut directory_link = None;
    let outcome = read_all(
        client,
        &clock,
        options,
        &run,
        ingest,
        writer,
        progress,
        &mut summary,
        &mut directory_link,
        stop.as_mut(),
    )
    .await;
    progress.show(&Stage::Closing);
    let (writer, outcome) = match outcome {
        Ok(writer) => (Some(writer), Ok(())),
        Err((writer, error)) => (writer, Err(error)),
    };
    take_stock(&mut summary, client, &*clock);
    summary.failed.sort_by(|a, b| {
        (&a.user_principal_name, &a.user_id).cmp(&(&b.user_principal_name, &b.user_id))
    });
    let status = if outcome.is_err() {
        RunStatus::Failed
    } else {
        summary.run_status()
    };
    summary.status = status.as_str();
    if let Some(mut writer) = writer {
        let error = outcome
            .as_ref()
            .err()
            .map(ToString::to_string)
            .or_else(|| summary.ended_early.clone());
        let ended = writer
            .end(
                &run,
                summary.ended_at_ms,
                status,
                counts(&summary),
                directory_link.as_deref(),
                error.as_deref(),
            )
            .await;
        outcome.and(ended.map_err(SyncError::from))?;
        // Who asks for an end should not wait for it, and a join that is cut off has changed nothing.
        if summary.ended_early.is_none() {
            progress.show(&Stage::Tidying);
            tokio::select! {
                biased;
                () = &mut stop => {}
                () = tidy(&mut writer) => {}
            }
        }
    } else {
        outcome?;
    }
    Ok(summary)
}

/// The rows are in and the run is in the diary: that files stay small until the next run is no failure
/// of this one.
pub(crate) async fn tidy(writer: &mut Writer) {
    if let Err(error) = writer.tidy().await {
        tracing::warn!(%error, "small files could not be joined");
    }
}

/// Who a sync would ask, and why. People and licenses are read and kept, since the plan is made of them,
/// and usage reports where it needs them; no history is asked for.
///
/// # Errors
/// As [`sync`].
pub async fn planned(
    client: &Client,
    clock: Arc<dyn Clock>,
    options: &SyncOptions,
    progress: &mut dyn Progress,
) -> Result<(SyncSummary, Plan), SyncError> {
    let (mut writer, run, mut summary) = begin(client, &*clock, options, "plan", progress).await?;
    let prepared = prepare(
        client,
        &clock,
        options,
        &run,
        &mut writer,
        progress,
        &mut summary,
    )
    .await;
    progress.show(&Stage::Closing);
    take_stock(&mut summary, client, &*clock);
    let (status, link, error) = match &prepared {
        Ok(prepared) => (RunStatus::Whole, prepared.directory_link.as_deref(), None),
        Err(error) => (RunStatus::Failed, None, Some(error.to_string())),
    };
    let counts = RunCounts {
        users_asked: 0,
        ..counts(&summary)
    };
    let ended = writer.end(
        &run,
        summary.ended_at_ms,
        status,
        counts,
        link,
        error.as_deref(),
    );
    let ended = ended.await;
    let plan = prepared?.plan;
    ended?;
    Ok((summary, plan))
}

/// Signs in, opens the lake, and writes the beginning of a run into its diary.
async fn begin(
    client: &Client,
    clock: &dyn Clock,
    options: &SyncOptions,
    command: &str,
    progress: &mut dyn Progress,
) -> Result<(Writer, Run, SyncSummary), SyncError> {
    let started_at_ms = clock.now_ms();
    progress.show(&Stage::SigningIn);
    let signed_in = client.sign_in().await?;
    progress.show(&Stage::Opening);
    let mut writer = Writer::open(&options.lake).await?;
    // One tenant must not appear as two because its name was once given and its id another time.
    let tenant_id = signed_in
        .tenant_id
        .unwrap_or_else(|| client.tenant().to_owned());
    let run = Run {
        run_id: options.run_id.clone(),
        tenant_id,
    };
    if let Some(newest) = writer.newest_run(&run.tenant_id).await? {
        follow(client, newest, started_at_ms);
    }
    writer.begin(&run, command, started_at_ms).await?;
    let summary = empty_summary(&run, started_at_ms, writer.repaired() as u64);
    Ok((writer, run, summary))
}

/// The service counts what the run before sent a moment ago with what this one sends. One that was killed may have
/// sent until now, and as fast as it could.
fn follow(client: &Client, newest: NewestRun, now_ms: i64) {
    let (ended_at_ms, requests) = match newest.ended_at_ms {
        Some(ended_at_ms) => (ended_at_ms, newest.requests),
        None => (now_ms, u64::MAX),
    };
    let ended_ago_ms = u64::try_from(now_ms.saturating_sub(ended_at_ms)).unwrap_or(0);
    client.follow(Duration::from_millis(ended_ago_ms), requests);
}

/// What the client and the clock say at the end of a run.
fn take_stock(summary: &mut SyncSummary, client: &Client, clock: &dyn Clock) {
    summary.ended_at_ms = clock.now_ms();
    summary.requests = client.statistics().requests;
    summary.throttled = client.pace().throttled;
}

fn empty_summary(run: &Run, started_at_ms: i64, repaired: u64) -> SyncSummary {
    SyncSummary {
        run_id: run.run_id.clone(),
        tenant_id: run.tenant_id.clone(),
        status: RunStatus::Whole.as_str(),
        started_at_ms,
        ended_at_ms: started_at_ms,
        users_listed: 0,
        users_licensed: 0,
        users_asked: 0,
        users_deferred: 0,
        users_deferred_by_reason: BTreeMap::new(),
        failed: Vec::new(),
        frozen: Vec::new(),
        usage_reports: None,
        rows_new: 0,
        rows_changed: 0,
        rows_known: 0,
        pages: 0,
        requests: 0,
        requests_for_interactions: 0,
        throttled: 0,
        unkept: Vec::new(),
        timed_by_id: 0,
        users_unfiltered: 0,
        repaired,
        ended_early: None,
        warnings: Vec::new(),
    }
}

fn counts(summary: &SyncSummary) -> RunCounts {
    RunCounts {
        users_asked: summary.users_asked,
        users_failed: summary.failed.len() as u64,
        rows_new: summary.rows_new,
        rows_changed: summary.rows_changed,
        pages: summary.pages,
        requests: summary.requests,
        throttled: summary.throttled,
        unkept: summary.unkept.iter().map(|unkept| unkept.count).sum(),
        users_deferred: summary.users_deferred,
    }
}

type Failed = (Option<Writer>, SyncError);

#[expect(
    clippy::too_many_arguments,
    reason = "the parts of one run, used in this one place"
)]
async fn read_all(
    client: &Client,
    clock: &Arc<dyn Clock>,
    options: &SyncOptions,
    run: &Run,
    ingest: Ingest,
    mut writer: Writer,
    progress: &mut dyn Progress,
    summary: &mut SyncSummary,
    directory_link: &mut Option<String>,
    mut stop: Pin<&mut Fuse<impl Future<Output = ()>>>,
) -> Result<Writer, Failed> {
    let prepared = tokio::select! {
        biased;
        () = &mut stop => None,
        prepared = prepare(client, clock, options, run, &mut writer, progress, summary) => {
            Some(prepared)
        }
    };
    let (asks, usage_to_read) = match prepared {
        Some(Ok(prepared)) => {
            *directory_link = prepared.directory_link;
            (prepared.plan.asks.into(), prepared.usage_to_read)
        }
        Some(Err(error)) => return Err((Some(writer), error)),
        None => {
            summary.ended_early = Some(STOPPED.to_owned());
            return Ok(writer);
        }
    };
    let memory = Arc::new(Memory::default());
    let derivation = options.judgment.derivation(writer.fingerprint_key());
    let committer = Committer::start(
        writer,
        derivation,
        run.clone(),
        Arc::clone(clock),
        Arc::clone(&memory),
    );
    let mut reading = Reading::new(client, options, ingest, asks, memory);
    let delivered = reading.run(&committer, progress, stop.as_mut()).await;
    let (writer, committed) = {
        let is_stopped = reading.stopped;
        let stop = async {
            if !is_stopped {
                stop.as_mut().await;
            }
        };
        committer.finish(stop).await
    };
    let committed = committed.map(|committed| {
        reading.stopped |= !committed.derived;
        committed.kept
    });
    reading.report(summary);
    match (writer, committed, delivered) {
        (Some(mut writer), Ok(kept), Ok(())) => {
            summary.add(kept);
            if !usage_to_read || reading.stopped {
                return Ok(writer);
            }
            progress.show(&Stage::ReadingReports {
                patience: AFTER_HISTORIES,
            });
            let read = tokio::select! {
                biased;
                () = &mut stop => None,
                read = read_usage(client, clock, options, run, &mut writer, summary) => Some(read),
            };
            match read {
                Some(Ok(())) => Ok(writer),
                Some(Err(error)) => Err((Some(writer), error.into())),
                None => {
                    summary.ended_early = Some(STOPPED.to_owned());
                    Ok(writer)
                }
            }
        }
        (writer, Err(error), _) => Err((writer, error.into())),
        (writer, Ok(_), Err(Ended)) => Err((
            writer,
            LakeError::Query("committing ended without an error".to_owned()).into(),
        )),
        (None, Ok(_), Ok(())) => unreachable!("a committer without error gives the writer back"),
    }
}

/// The usage reports, once histories are in the lake.
async fn read_usage(
    client: &Client,
    clock: &Arc<dyn Clock>,
    options: &SyncOptions,
    run: &Run,
    writer: &mut Writer,
    summary: &mut SyncSummary,
) -> Result<(), LakeError> {
    let known = writer.known_users(&run.tenant_id).await?;
    let present = known.values().filter(|user| user.present);
    let reading = UsageReading {
        client,
        run,
        now_ms: clock.now_ms(),
        format: options.reports.format,
        ids: usage::ids(present.map(|user| &user.record)),
    };
    if reading.read(writer, AFTER_HISTORIES, summary).await? == Outcome::NotInTime {
        summary.warnings.push(usage::left_out(AFTER_HISTORIES));
    }
    Ok(())
}
