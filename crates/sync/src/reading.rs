//! Many users being read at once, each in a task of its own, and put into batches for the committer.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::Fuse;
use hobbs_graph::{AppFilter, Client, History, Keep, ReadError};
use hobbs_interaction::{AiInteraction, Ingest};
use hobbs_lake::{CoverageLine, Failure, Rows};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use crate::batch::Batch;
use crate::committer::{Committer, Ended};
use crate::memory::Memory;
use crate::options::SyncOptions;
use crate::plan::{Ask, Due};
use crate::progress::{Numbers, Progress, Stage};
use crate::summary::{FailedUser, SyncSummary};

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
pub(crate) const STOPPED: &str = "stopped";

/// What a last reading of somebody whose license has gone says at the end: nothing more can be read.
pub(crate) const ENDED: [&str; 2] = [NOT_LICENSED, "not_found"];
/// That a user holds no license, in Graph's words or ours.
const NOT_LICENSED: &str = "not_licensed";

fn failure_of(error: &ReadError) -> Failure {
    let advice = match error {
        ReadError::NotFound(_) => "; the user may have been deleted",
        _ => "",
    };
    Failure {
        code: error.code().to_owned(),
        message: format!("{error}{advice}"),
    }
}

/// How long after a commit the next one comes, in a run that has gone on for so long.
fn commit_after(elapsed: Duration) -> Duration {
    (elapsed / COMMIT_EVERY_PART).clamp(COMMIT_EVERY, COMMIT_EVERY_AT_LEAST)
}

/// What was read of one user. The items of the history are places among the rows.
struct UserRead {
    history: History<usize>,
    rows: Rows,
}

/// Makes rows of what is read of one user.
struct KeepRows<'a> {
    rows: &'a mut Rows,
    ingest: &'a Ingest,
    user_id: &'a Arc<str>,
    memory: &'a Memory,
    /// The reader's number.
    reader: u64,
}

impl Keep for KeepRows<'_> {
    /// A place among the rows.
    type Kept = usize;

    fn keep(&mut self, items: Vec<AiInteraction<'_>>) -> Vec<usize> {
        self.memory.take(items.len());
        let items = items.into_iter();
        let page = items.map(|item| self.ingest.row(Arc::clone(self.user_id), item));
        self.rows.take(&page.collect::<Vec<_>>()).collect()
    }

    fn has_room(&self) -> bool {
        self.memory.has_room_for(self.reader)
    }
}

/// A refusal of somebody whose license has gone which does not speak of the license. Whether it is about the user or
/// about the app shows when others were read, or were not.
struct InDoubt {
    ask: Ask,
    rows: Rows,
    pages: u64,
    failure: Failure,
}

/// A user being read.
struct InFlight {
    /// The reader's number.
    reader: u64,
    ask: Ask,
}

/// Many users being read at once.
pub(crate) struct Reading<'a> {
    client: &'a Client,
    options: &'a SyncOptions,
    ingest: Arc<Ingest>,
    apps: AppFilter,
    asks: VecDeque<Ask>,
    reads: JoinSet<UserRead>,
    in_flight: HashMap<Id, InFlight>,
    /// Users begun so far.
    begun: u64,
    batch: Batch,
    memory: Arc<Memory>,
    numbers: Numbers,
    failed: Vec<FailedUser>,
    frozen: Vec<FailedUser>,
    in_doubt: Vec<InDoubt>,
    someone_was_read: bool,
    unkept: Vec<(String, u64)>,
    timed_by_id: u64,
    users_unfiltered: u64,
    requests: u64,
    ended_early: Option<ReadError>,
    pub(crate) stopped: bool,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(
        client: &'a Client,
        options: &'a SyncOptions,
        ingest: Ingest,
        asks: VecDeque<Ask>,
        memory: Arc<Memory>,
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
            begun: 0,
            batch: Batch::default(),
            memory,
            failed: Vec::new(),
            frozen: Vec::new(),
            in_doubt: Vec::new(),
            someone_was_read: false,
            unkept: Vec::new(),
            timed_by_id: 0,
            users_unfiltered: 0,
            requests: 0,
            ended_early: None,
            stopped: false,
        }
    }

    pub(crate) async fn run(
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
            self.tell_who_is_reading();
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
        self.settle_doubts(committer).await?;
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
            let memory = Arc::clone(&self.memory);
            let is_alone = self.numbers.users == 1;
            let reader = self.begun;
            self.begun += 1;
            let task = self.reads.spawn(async move {
                let mut rows = Rows::default();
                let keep = KeepRows {
                    rows: &mut rows,
                    ingest: &ingest,
                    user_id: &user_id,
                    memory: &memory,
                    reader,
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
                memory.give_back(replaced);
                let rows = rows.only(&history.items);
                UserRead { history, rows }
            });
            self.in_flight.insert(task.id(), InFlight { reader, ask });
        }
    }

    fn tell_who_is_reading(&self) {
        let readers = self.in_flight.values().map(|reading| reading.reader);
        self.memory.are_reading(readers);
    }

    /// Rows in memory, and those that users being read will add: half a user's, as they are on
    /// average half way.
    fn expected_rows(&self) -> usize {
        let done = usize::try_from(self.numbers.users_done).unwrap_or(usize::MAX);
        let rows = usize::try_from(self.numbers.rows).unwrap_or(usize::MAX);
        let rows_of_a_user = rows.checked_div(done).unwrap_or(ROWS_OF_A_USER);
        self.memory.rows() + self.reads.len() * rows_of_a_user / 2
    }

    fn take(&mut self, read: Result<(Id, UserRead), JoinError>) {
        let id = read.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some(InFlight { ask, .. }) = self.in_flight.remove(&id) else {
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
        self.timed_by_id += u64::from(history.timed_by_id);
        for (reason, count) in &history.unkept {
            self.unkept.push((reason.to_string(), u64::from(*count)));
        }
        let error = history.result.err();
        if let Some(error) = error.as_ref().filter(|error| error.concerns_everyone()) {
            self.ended_early.get_or_insert_with(|| error.clone());
        }
        self.someone_was_read |= error.is_none();
        let pages = u64::from(history.pages);
        let is_refused = error
            .as_ref()
            .is_some_and(|error| error.graph_error().is_some() && !error.concerns_everyone());
        let failure = error.map(|error| failure_of(&error));
        match failure {
            Some(failure)
                if ask.due == Due::LicenseGone && is_refused && failure.code != NOT_LICENSED =>
            {
                self.in_doubt.push(InDoubt {
                    ask,
                    rows,
                    pages,
                    failure,
                });
            }
            failure => self.close(ask, rows, pages, failure),
        }
    }

    /// Where others were read, a refusal is the user's own, and final as the license is gone.
    async fn settle_doubts(&mut self, committer: &Committer) -> Result<(), Ended> {
        for doubt in std::mem::take(&mut self.in_doubt) {
            let mut failure = doubt.failure;
            if self.someone_was_read && !ENDED.contains(&failure.code.as_str()) {
                failure.code = NOT_LICENSED.to_owned();
            } else if !self.someone_was_read && ENDED.contains(&failure.code.as_str()) {
                failure.code = "refused".to_owned();
            }
            self.close(doubt.ask, doubt.rows, doubt.pages, Some(failure));
            self.send_if_full(committer).await?;
        }
        Ok(())
    }

    async fn send_if_full(&mut self, committer: &Committer) -> Result<(), Ended> {
        if self.batch.is_full() {
            let permit = committer.ready().await?;
            permit.send(std::mem::take(&mut self.batch));
        }
        Ok(())
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
            .map(|(_, reading)| reading.ask)
            .chain(self.asks.drain(..))
            .collect();
        for ask in rest {
            self.close(ask, Rows::default(), 0, Some(failure.clone()));
            self.send_if_full(committer).await?;
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

    pub(crate) fn report(&self, summary: &mut SyncSummary) {
        summary.failed.extend(self.failed.iter().cloned());
        summary.frozen.extend(self.frozen.iter().cloned());
        summary.pages = self.numbers.pages;
        summary.requests_for_interactions = self.requests;
        summary.timed_by_id = self.timed_by_id;
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
