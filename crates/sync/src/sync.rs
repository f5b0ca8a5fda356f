//! One sync: directory, plan, reading many users at once, commits, the run's end.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::FutureExt;
use futures::future::Fuse;
use hobbs_graph::groups::GroupError;
use hobbs_graph::{AppFilter, Client, Clock, History, ReadError, SignInError};
use hobbs_interaction::{AiInteraction, Ingest};
use hobbs_lake::{
    CoverageLine, Failure, LakeError, NewestRun, Rows, Run, RunCounts, RunStatus, Writer,
};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use crate::batch::Batch;
use crate::committer::{Committer, Ended};
use crate::options::SyncOptions;
use crate::plan::{Ask, Due, Plan};
use crate::prepare::prepare;
use crate::progress::{Numbers, Progress, Stage};
use crate::summary::{FailedUser, SyncSummary};

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
    /// The lake can't be read or written.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// Stopped by whoever started it.
    #[error("stopped before anything was read; run `hobbs sync` again")]
    Stopped,
}

/// No further user is begun while so many rows are in memory or can be expected there. A row takes
/// about 0.5 kB, besides its text; but each user who is begun has a connection and a page under way too, of
/// half a megabyte.
const WAITING_ROWS_MAX: usize = 45_000;
/// Rows of a user, before anything is known of this tenant's.
const ROWS_OF_A_USER: usize = 500;
/// Users who are begun before any is whole, and further ones for each who is: a tenant whose users all have
/// long histories shows itself before many are begun. At 2 s a page, 48 requests in flight are the whole pace.
const USERS_AT_FIRST: u64 = 48;
const USERS_FOR_EACH_DONE: u64 = 4;
/// Users in line beyond the requests that may be in flight, so that no place stays free.
const USERS_IN_LINE: usize = 8;
/// What was read is committed at least this often at first: so much is read again after a crash.
const COMMIT_EVERY: Duration = Duration::from_secs(10);
/// Later, at least each time that a run has become longer by this part: no crash costs more than a
/// twentieth of a run, and a run of an hour does not leave files by the hundred.
const COMMIT_EVERY_PART: u32 = 20;
/// And never more seldom than this.
const COMMIT_EVERY_AT_LEAST: Duration = Duration::from_secs(60);
/// Progress is shown this often.
const SHOW_EVERY: Duration = Duration::from_millis(250);

/// Why a run ended early that was stopped.
const STOPPED: &str = "stopped";

/// What Graph answers for a user whose license has gone, or who has gone.
pub(crate) const ENDED: [&str; 3] = ["not_licensed", "forbidden", "not_found"];

/// How long after a commit the next one comes, in a run that has gone on for so long.
fn commit_after(elapsed: Duration) -> Duration {
    (elapsed / COMMIT_EVERY_PART).clamp(COMMIT_EVERY, COMMIT_EVERY_AT_LEAST)
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
        stop,
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
        // Who asked for an end should not wait for it.
        if summary.ended_early.is_none() {
            tidy(&mut writer).await;
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

/// Who a sync would ask, and why. People, licenses and usage reports are read and kept, since the plan
/// is made of them; no history is asked for.
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
    let asks = match prepared {
        Some(Ok(prepared)) => {
            *directory_link = prepared.directory_link;
            prepared.plan.asks.into()
        }
        Some(Err(error)) => return Err((Some(writer), error)),
        None => {
            summary.ended_early = Some(STOPPED.to_owned());
            return Ok(writer);
        }
    };
    let waiting_rows = Arc::new(AtomicUsize::new(0));
    let derivation = options.judgment.derivation(writer.fingerprint_key());
    let committer = Committer::start(
        writer,
        derivation,
        run.clone(),
        Arc::clone(clock),
        Arc::clone(&waiting_rows),
    );
    let mut reading = Reading::new(client, options, ingest, asks, waiting_rows);
    let delivered = reading.run(&committer, progress, stop.as_mut()).await;
    let (writer, committed) = {
        let is_stopped = reading.stopped;
        let stop = async move {
            if !is_stopped {
                stop.await;
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
        (Some(writer), Ok(kept), Ok(())) => {
            summary.add(kept);
            Ok(writer)
        }
        (writer, Err(error), _) => Err((writer, error.into())),
        (writer, Ok(_), Err(Ended)) => Err((
            writer,
            LakeError::Query("committing ended without an error".to_owned()).into(),
        )),
        (None, Ok(_), Ok(())) => unreachable!("a committer without error gives the writer back"),
    }
}

/// What was read of one user. The items of the history are places among the rows.
struct UserRead {
    history: History<usize>,
    rows: Rows,
}

/// Many users being read at once.
struct Reading<'a> {
    client: &'a Client,
    options: &'a SyncOptions,
    ingest: Arc<Ingest>,
    apps: AppFilter,
    asks: VecDeque<Ask>,
    reads: JoinSet<UserRead>,
    /// The asks of `reads`.
    in_flight: HashMap<Id, Ask>,
    batch: Batch,
    /// Rows in memory: being read, in the batch, or with the committer.
    waiting_rows: Arc<AtomicUsize>,
    numbers: Numbers,
    failed: Vec<FailedUser>,
    frozen: Vec<FailedUser>,
    unkept: Vec<(String, u64)>,
    users_unfiltered: u64,
    requests: u64,
    ended_early: Option<ReadError>,
    stopped: bool,
}

impl<'a> Reading<'a> {
    fn new(
        client: &'a Client,
        options: &'a SyncOptions,
        ingest: Ingest,
        asks: VecDeque<Ask>,
        waiting_rows: Arc<AtomicUsize>,
    ) -> Self {
        Reading {
            client,
            options,
            ingest: Arc::new(ingest),
            apps: options
                .apps
                .as_ref()
                .map_or_else(AppFilter::all, |apps| apps.filter.clone()),
            numbers: Numbers {
                users: asks.len() as u64,
                ..Numbers::default()
            },
            asks,
            reads: JoinSet::new(),
            in_flight: HashMap::new(),
            batch: Batch::default(),
            waiting_rows,
            failed: Vec::new(),
            frozen: Vec::new(),
            unkept: Vec::new(),
            users_unfiltered: 0,
            requests: 0,
            ended_early: None,
            stopped: false,
        }
    }

    async fn run(
        &mut self,
        committer: &Committer,
        progress: &mut dyn Progress,
        mut stop: Pin<&mut Fuse<impl Future<Output = ()>>>,
    ) -> Result<(), Ended> {
        let began_at = Instant::now();
        let mut commit_at = began_at + COMMIT_EVERY;
        let mut show_at = Instant::now();
        loop {
            self.begin_users();
            if self.reads.is_empty() {
                break;
            }
            let is_due =
                self.batch.is_full() || (!self.batch.is_empty() && Instant::now() >= commit_at);
            tokio::select! {
                biased;
                () = &mut stop => {
                    self.stopped = true;
                    break;
                }
                permit = committer.ready(), if is_due => {
                    permit?.send(std::mem::take(&mut self.batch));
                    commit_at = Instant::now() + commit_after(began_at.elapsed());
                }
                // While a full batch waits for the committer, what is read waits in its task.
                Some(read) = self.reads.join_next_with_id(), if !self.batch.is_full() => self.take(read),
                () = sleep_until(show_at) => {
                    self.show(progress);
                    show_at = Instant::now() + SHOW_EVERY;
                }
            }
        }
        self.leave_the_rest(committer).await?;
        self.show(progress);
        if !self.batch.is_empty() {
            committer
                .ready()
                .await?
                .send(std::mem::take(&mut self.batch));
        }
        Ok(())
    }

    fn begin_users(&mut self) {
        let users_known = USERS_AT_FIRST + USERS_FOR_EACH_DONE * self.numbers.users_done;
        let users_max = self.client.pace().permits + USERS_IN_LINE;
        let users_max = users_max.min(usize::try_from(users_known).unwrap_or(usize::MAX));
        while self.ended_early.is_none()
            && self.reads.len() < users_max
            && (self.reads.is_empty() || self.expected_rows() < WAITING_ROWS_MAX)
        {
            let Some(ask) = self.asks.pop_front() else {
                return;
            };
            let (user_id, window): (Arc<str>, _) = (ask.user_id.as_str().into(), ask.window);
            let (client, apps) = (self.client.clone(), self.apps.clone());
            let ingest = Arc::clone(&self.ingest);
            let waiting_rows = Arc::clone(&self.waiting_rows);
            let is_alone = self.numbers.users == 1;
            let task = self.reads.spawn(async move {
                let mut rows = Rows::default();
                let keep = |items: Vec<AiInteraction<'_>>| {
                    waiting_rows.fetch_add(items.len(), Ordering::Relaxed);
                    let items = items.into_iter();
                    let page = items.map(|item| ingest.row(Arc::clone(&user_id), item));
                    rows.take(&page.collect::<Vec<_>>()).collect()
                };
                let history = if is_alone {
                    client
                        .read_history_alone(&user_id, window, &apps, keep)
                        .await
                } else {
                    client.read_history(&user_id, window, &apps, keep).await
                };
                // An item replaced by its later version was counted twice.
                let replaced = rows.len() - history.items.len();
                waiting_rows.fetch_sub(replaced, Ordering::Relaxed);
                let rows = rows.only(&history.items);
                UserRead { history, rows }
            });
            self.in_flight.insert(task.id(), ask);
        }
    }

    /// Rows in memory, and those that users being read will add: half a user's, as they are on
    /// average half way.
    fn expected_rows(&self) -> usize {
        let done = usize::try_from(self.numbers.users_done).unwrap_or(usize::MAX);
        let rows = usize::try_from(self.numbers.rows).unwrap_or(usize::MAX);
        let rows_of_a_user = rows.checked_div(done).unwrap_or(ROWS_OF_A_USER);
        self.waiting_rows.load(Ordering::Relaxed) + self.reads.len() * rows_of_a_user / 2
    }

    fn take(&mut self, read: Result<(Id, UserRead), JoinError>) {
        let id = read.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some(ask) = self.in_flight.remove(&id) else {
            return;
        };
        let UserRead { history, rows } = match read {
            Ok((_, read)) => read,
            Err(error) => {
                self.numbers.users_done += 1;
                // What a panic says may quote what was being read.
                let ended = if error.is_panic() {
                    "panicked"
                } else {
                    "was ended"
                };
                let message = format!("a fault in hobbs, please report it: the reading {ended}");
                return self.close(
                    ask,
                    Rows::default(),
                    0,
                    Some(Failure {
                        code: "fault".to_owned(),
                        message,
                    }),
                );
            }
        };
        self.numbers.users_done += 1;
        self.numbers.rows += rows.len() as u64;
        self.numbers.pages += u64::from(history.pages);
        self.requests += u64::from(history.requests);
        self.users_unfiltered += u64::from(!history.filtered && ask.window.from_ms.is_some());
        for (reason, count) in &history.unkept {
            self.unkept.push((reason.to_string(), u64::from(*count)));
        }
        let error = history.result.err();
        if let Some(error) = error.as_ref().filter(|error| error.concerns_everyone()) {
            self.ended_early.get_or_insert_with(|| error.clone());
        }
        let failure = error.map(|error| Failure {
            code: error.code().to_owned(),
            message: error.to_string(),
        });
        self.close(ask, rows, u64::from(history.pages), failure);
    }

    /// Puts a user's rows and coverage into the batch.
    fn close(&mut self, ask: Ask, rows: Rows, pages: u64, failure: Option<Failure>) {
        if let Some(failure) = &failure {
            let user = FailedUser {
                user_id: ask.user_id.clone(),
                user_principal_name: ask.user_principal_name.clone(),
                code: failure.code.clone(),
                message: failure.message.clone(),
            };
            // That nothing more can be read of somebody whose license has gone is no failure.
            if ask.due == Due::LicenseGone && ENDED.contains(&failure.code.as_str()) {
                self.frozen.push(user);
            } else {
                self.numbers.users_failed += 1;
                self.failed.push(user);
            }
        }
        let line = CoverageLine {
            user_id: ask.user_id,
            span: ask.span,
            apps: self.options.apps.as_ref().map(|apps| apps.names.join(",")),
            rows: rows.len() as u64,
            pages,
            failure,
        };
        self.batch.add(rows, line);
    }

    /// Users who were not asked, or not to the end, because the run ended early are named too.
    async fn leave_the_rest(&mut self, committer: &Committer) -> Result<(), Ended> {
        let failure = match &self.ended_early {
            Some(error) => Failure {
                code: error.code().to_owned(),
                message: format!("not asked, since the run ended early: {error}"),
            },
            None => Failure {
                code: "stopped".to_owned(),
                message: "not read to the end, since the run was stopped; run `hobbs sync` again"
                    .to_owned(),
            },
        };
        self.reads.abort_all();
        let rest: Vec<Ask> = self
            .in_flight
            .drain()
            .map(|(_, ask)| ask)
            .chain(self.asks.drain(..))
            .collect();
        for ask in rest {
            self.close(ask, Rows::default(), 0, Some(failure.clone()));
            if self.batch.is_full() {
                committer
                    .ready()
                    .await?
                    .send(std::mem::take(&mut self.batch));
            }
        }
        Ok(())
    }

    fn show(&mut self, progress: &mut dyn Progress) {
        let (pace, statistics) = (self.client.pace(), self.client.statistics());
        self.numbers.requests = statistics.requests;
        self.numbers.throttled = pace.throttled;
        self.numbers.rate_per_second = pace.rate_per_second;
        self.numbers.gate = pace.gate;
        progress.show(&Stage::Reading(self.numbers));
    }

    fn report(&self, summary: &mut SyncSummary) {
        summary.failed.extend(self.failed.iter().cloned());
        summary.frozen.extend(self.frozen.iter().cloned());
        summary.pages = self.numbers.pages;
        summary.requests_for_interactions = self.requests;
        summary.users_unfiltered = self.users_unfiltered;
        for (reason, count) in &self.unkept {
            summary.add_unkept(reason.clone(), *count);
        }
        summary.ended_early = match (&self.ended_early, self.stopped) {
            (Some(error), _) => Some(error.to_string()),
            (None, true) => Some(STOPPED.to_owned()),
            (None, false) => None,
        };
    }
}
