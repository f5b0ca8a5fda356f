//! One seed, from the empty disk to the last sync.

use std::future::pending;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use hobbs_graph::{AppFilter, Client, Clock, Credential, Format, TokioClock};
use hobbs_lake::Writer;
use hobbs_sync::options::{Apps, OVERLAP_MS};
use hobbs_sync::{
    Judgment, PeopleScope, Period, Reports, Silent, SyncError, SyncOptions, SyncSummary, Who, sync,
};
use hobbs_tenant::{Fault, Tenant};

use crate::acts::Diary;
use crate::chance::hash;
use crate::choices::{Choices, DAY_MS, RunChoice, START_MS, When, Whom};
use crate::clock::{MachineClock, TenantClock};
use crate::disk::{Disk, Mount, Trouble, Troubled};
use crate::invariants::{Broken, Promises, RunRecord, must};
use crate::network::{Network, Seen};
use crate::oracle::Oracle;
use crate::tables::Rows;

/// What a seed did, in words, and a number that differs where two runs of it differ.
#[derive(Debug, Clone, Default)]
pub struct Story {
    /// The choices and what came of them, line by line.
    pub lines: Vec<String>,
    /// The same whenever the same seed is run.
    pub trace: u64,
    /// Runs that ended by a crash, were killed, or failed.
    pub cut_off: u64,
    /// Commits whose coverage a later run completed.
    pub repaired: u64,
    /// Rows at the end.
    pub rows: u64,
}

/// Rules are read once: it takes longer than a run's planning.
static JUDGMENT: LazyLock<Judgment> = LazyLock::new(Judgment::default);

/// No sync takes that long; one that does never ends.
const FOREVER: Duration = Duration::from_secs(40 * 86_400);

/// Runs a seed. The second part says which invariant was broken, if any.
pub fn simulate(seed: u64) -> (Story, Result<(), Broken>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return (Story::default(), Err(Broken(error.to_string()))),
    };
    runtime.block_on(async {
        let mut simulation = match Simulation::new(seed) {
            Ok(simulation) => simulation,
            Err(broken) => return (Story::default(), Err(broken)),
        };
        let result = simulation.run().await;
        (simulation.story, result)
    })
}

struct Simulation {
    seed: u64,
    choices: Choices,
    truth: TokioClock,
    disk: Disk,
    diary: Diary,
    oracle: Oracle,
    promises: Promises,
    story: Story,
}

/// How a run came to its end.
enum Ending {
    Ended(Result<Box<SyncSummary>, SyncError>),
    Crashed,
    Killed,
    Never,
}

impl Simulation {
    fn new(seed: u64) -> Result<Self, Broken> {
        let choices = Choices::of(seed);
        let truth = TokioClock::starting_at_ms(START_MS + 1_000);
        let clock = TenantClock::of(truth);
        let diary = Diary::default();
        let tenant = diary
            .tenant(&choices.tenant, &clock)
            .map_err(|error| Broken(error.to_string()))?;
        let story = Story {
            lines: vec![format!("seed {seed}: {choices}")],
            ..Story::default()
        };
        Ok(Simulation {
            seed,
            choices,
            truth,
            disk: Disk::default(),
            diary,
            oracle: Oracle { tenant, clock },
            promises: Promises::default(),
            story,
        })
    }

    async fn run(&mut self) -> Result<(), Broken> {
        let runs = self.choices.runs.clone();
        let last = runs.len() - 1;
        for (number, choice) in runs.iter().enumerate() {
            self.wait_for(choice).await;
            let run_id = self.run_once(number, choice, number == last).await?;
            if number == last {
                self.promises
                    .check_end(&self.disk, &self.oracle, &run_id)
                    .await?;
            }
        }
        let rows = Rows::read(&self.disk, "interactions").await?;
        self.story.rows = rows.count() as u64;
        if self.choices.rebuild {
            self.rebuild_is_the_same().await?;
        }
        Ok(())
    }

    async fn wait_for(&mut self, choice: &RunChoice) {
        let begun_ms = self.truth.now_ms();
        for (after_ms, act) in &choice.acts_before {
            sleep_until_ms(&self.truth, begun_ms + after_ms).await;
            self.diary.note(self.truth.now_ms(), *act);
            act.perform(&self.oracle.tenant);
        }
        sleep_until_ms(&self.truth, begun_ms + choice.gap_ms).await;
    }

    async fn run_once(
        &mut self,
        number: usize,
        choice: &RunChoice,
        is_last: bool,
    ) -> Result<String, Broken> {
        let salt = hash(&[self.seed, 2, number as u64]);
        let clock = TenantClock::of(self.truth);
        let tenant = self.tenant(choice, is_last, &clock)?;
        let seen = Arc::new(Mutex::new(Seen::default()));
        let machine: Arc<dyn Clock> =
            Arc::new(MachineClock::starting_now(self.truth, choice.clock));
        let network = Network {
            tenant: Arc::clone(&tenant),
            truth: self.truth,
            answer_ms: choice.answer_ms,
            lost: choice.lost,
            salt,
            seen: Arc::clone(&seen),
        };
        let client = client(&tenant, network, &machine, salt)?;
        let mount = self.disk.mount(choice.disk, choice.slowness_ms, salt);
        let run_id = format!("run-{number}");
        let options = self.options(choice, &mount, &run_id, machine.now_ms());
        let began_ms = self.truth.now_ms();
        let ending = self
            .until_its_end(choice, &tenant, &client, &machine, &options, &mount)
            .await;
        mount.end();
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.story.trace = hash(&[
            self.story.trace,
            seen.trace,
            mount.writes(),
            self.truth.now_ms().cast_unsigned(),
        ]);
        let summary = self.tell(choice, ending, &seen, &mount)?;
        if is_last {
            let is_whole = summary.as_ref().map(|summary| summary.status) == Some("whole");
            must(is_whole, || {
                format!("the last run is not whole: {summary:#?}")
            })?;
        }
        let record = RunRecord {
            run_id: run_id.clone(),
            began_ms,
            asked_ms: seen.asked_ms.clone(),
            content: choice.content,
            latest_ms: self.truth.now_ms() + choice.clock.most_ahead_ms(),
            summary,
        };
        within_limits(&tenant)?;
        trusted_alone(&seen)?;
        self.promises
            .check(&self.disk, &self.oracle, record, choice)
            .await?;
        Ok(run_id)
    }

    /// The tenant as this run meets it: the same people, with its own faults on the way.
    fn tenant(
        &self,
        choice: &RunChoice,
        is_last: bool,
        clock: &TenantClock,
    ) -> Result<Arc<Tenant>, Broken> {
        let mut options = self.choices.tenant.clone();
        for (fault, rate) in &choice.faults {
            options.faults.set(*fault, *rate);
        }
        if is_last {
            options.faults.set(Fault::FilterRefused, 0.0);
        }
        let tenant = self.diary.tenant(&options, clock);
        tenant.map_err(|error| Broken(error.to_string()))
    }

    fn options(&self, choice: &RunChoice, mount: &Mount, run_id: &str, now_ms: i64) -> SyncOptions {
        let facts = |user: &u32| self.oracle.tenant.user_facts(*user);
        let ago_ms = |days: f64| now_ms - (days * DAY_MS as f64) as i64;
        let name = |user: &u32| match user % 2 {
            0 => facts(user).id,
            _ => facts(user).user_principal_name,
        };
        let scope = match &choice.whom {
            Whom::AllBut(users) => PeopleScope {
                exclude: users.iter().map(name).collect(),
                ..PeopleScope::default()
            },
            Whom::DepartmentOf(user) => PeopleScope {
                departments: vec![facts(user).department.to_owned()],
                ..PeopleScope::default()
            },
            Whom::Everyone | Whom::Only(_) => PeopleScope::default(),
        };
        let who = match &choice.whom {
            Whom::Only(users) => Who::Only(users.iter().map(name).collect()),
            _ => Who::Everyone,
        };
        SyncOptions {
            lake: mount.location(),
            who,
            scope,
            asking: choice.asking,
            reports: Reports {
                read: choice.reports.is_some(),
                format: if choice.reports == Some(true) {
                    Format::Json
                } else {
                    Format::Csv
                },
            },
            period: match choice.when {
                When::New => Period::New,
                When::All => Period::All,
                When::Days(days) => Period::Since(ago_ms(days)),
                When::Between(from, to) => Period::Between(ago_ms(from), ago_ms(to)),
            },
            apps: choice.app.map(only),
            content: choice.content,
            judgment: JUDGMENT.clone(),
            overlap_ms: OVERLAP_MS,
            run_id: run_id.to_owned(),
        }
    }

    async fn until_its_end(
        &mut self,
        choice: &RunChoice,
        tenant: &Tenant,
        client: &Client,
        machine: &Arc<dyn Clock>,
        options: &SyncOptions,
        mount: &Mount,
    ) -> Ending {
        let begun_ms = self.truth.now_ms();
        let truth = self.truth;
        let at = |after_ms: Option<i64>| async move {
            match after_ms {
                Some(after_ms) => sleep_until_ms(&truth, begun_ms + after_ms).await,
                None => pending().await,
            }
        };
        let (diary, oracle) = (&mut self.diary, &self.oracle);
        let acts = async {
            for (after_ms, act) in &choice.acts_during {
                sleep_until_ms(&truth, begun_ms + after_ms).await;
                diary.note(truth.now_ms(), *act);
                act.perform(&oracle.tenant);
                act.perform(tenant);
            }
            pending::<()>().await;
        };
        let stop = at(choice.stopped_after_ms);
        let mut silent = Silent;
        tokio::select! {
            biased;
            () = mount.crashed() => Ending::Crashed,
            () = at(choice.killed_after_ms) => Ending::Killed,
            () = acts => Ending::Never,
            () = tokio::time::sleep(FOREVER) => Ending::Never,
            ended = sync(client, Arc::clone(machine), options, &mut silent, stop) => {
                Ending::Ended(ended.map(Box::new))
            }
        }
    }

    /// Tells how the run ended, and whether it may have ended so.
    fn tell(
        &mut self,
        choice: &RunChoice,
        ending: Ending,
        seen: &Seen,
        mount: &Mount,
    ) -> Result<Option<SyncSummary>, Broken> {
        let (text, summary) = match ending {
            Ending::Ended(Ok(summary)) => {
                self.story.repaired += summary.repaired;
                let text = format!(
                    "{}: {} asked, {} deferred, {} failed, {} frozen, {} new, {} changed, {} known, {} repaired{}",
                    summary.status,
                    summary.users_asked,
                    summary.users_deferred,
                    summary.failed.len(),
                    summary.frozen.len(),
                    summary.rows_new,
                    summary.rows_changed,
                    summary.rows_known,
                    summary.repaired,
                    match &summary.ended_early {
                        Some(reason) => format!(", ended early: {reason}"),
                        None => String::new(),
                    }
                );
                (text, Some(*summary))
            }
            Ending::Ended(Err(error)) => {
                self.story.cut_off += 1;
                let text = error.to_string();
                let may_be = match &error {
                    // The disk refused, and nothing else may come between.
                    SyncError::Lake(_) => {
                        choice.disk.trouble != Trouble::None && text.contains("simulated disk")
                    }
                    SyncError::SignIn(_) | SyncError::Users(_) | SyncError::Scope(_) => {
                        !choice.faults.is_empty() || choice.lost > 0.0
                    }
                    SyncError::ExcludesNobody(_) => false,
                    SyncError::Stopped => choice.stopped_after_ms.is_some(),
                };
                must(may_be, || {
                    format!("the run failed without a reason: {text}")
                })?;
                (text, None)
            }
            Ending::Crashed | Ending::Killed => {
                self.story.cut_off += 1;
                ("cut off".to_owned(), None)
            }
            Ending::Never => return Err(Broken(format!("a run that never ends: {choice}"))),
        };
        self.story.lines.push(format!(
            "{choice}\n    → {text}; {} requests, {} writes",
            seen.requests,
            mount.writes()
        ));
        Ok(summary)
    }

    /// Derived tables equal what a rebuild makes of the same rows.
    async fn rebuild_is_the_same(&self) -> Result<(), Broken> {
        let before = self.derived().await?;
        let mount = self.disk.mount(Troubled::NOT, 0, 0);
        let lake = |error: hobbs_lake::LakeError| Broken(format!("rebuilding: {error}"));
        let mut writer = Writer::open(&mount.location()).await.map_err(lake)?;
        let derivation = JUDGMENT.derivation(writer.fingerprint_key());
        writer.derive_all_again(&derivation).await.map_err(lake)?;
        let after = self.derived().await?;
        for ((table, before), (_, after)) in before.iter().zip(&after) {
            let first = before
                .iter()
                .zip(after)
                .find(|(before, after)| before != after);
            must(before == after, || {
                format!(
                    "{table} has {} rows, and {} after a rebuild; the first that differ: {first:?}",
                    before.len(),
                    after.len()
                )
            })?;
        }
        Ok(())
    }

    async fn derived(&self) -> Result<Vec<(&'static str, Vec<String>)>, Broken> {
        let mut tables = Vec::new();
        for table in ["exchanges", "conversations", "resources"] {
            let rows = Rows::read(&self.disk, table).await?;
            let objects = hobbs_lake::objects(rows.batches());
            let objects = objects.map_err(|error| Broken(error.to_string()))?;
            let mut lines: Vec<String> = objects
                .into_iter()
                .map(|row| serde_json::Value::Object(row).to_string())
                .collect();
            lines.sort_unstable();
            tables.push((table, lines));
        }
        Ok(tables)
    }
}

async fn sleep_until_ms(truth: &TokioClock, at_ms: i64) {
    let left_ms = u64::try_from(at_ms - truth.now_ms()).unwrap_or(0);
    tokio::time::sleep(Duration::from_millis(left_ms)).await;
}

fn client(
    tenant: &Tenant,
    network: Network,
    machine: &Arc<dyn Clock>,
    salt: u64,
) -> Result<Client, Broken> {
    let options = tenant.options();
    let credential = Credential::ClientSecret {
        client_id: options.client_id.clone(),
        secret: options.secret.clone().unwrap_or_default().into(),
    };
    Client::builder(options.tenant_id.clone(), credential)
        .transport(Arc::new(network))
        .clock(Arc::clone(machine))
        .seed(salt)
        .build()
        .map_err(|error| Broken(error.to_string()))
}

/// One app alone.
fn only(app: &'static str) -> Apps {
    let class = format!("IPM.SkypeTeams.Message.Copilot.{app}");
    let kept = class.clone();
    // Outlook can't be filtered by, as Graph documents it.
    let asked = if app == "Outlook" {
        vec![]
    } else {
        vec![class]
    };
    Apps {
        names: vec![app.to_owned()],
        filter: AppFilter::only(asked, move |class| class == kept),
    }
}

/// The service's limits were kept, and each 429 was one that it gave without need.
fn within_limits(tenant: &Tenant) -> Result<(), Broken> {
    let (statistics, limits) = (tenant.statistics(), tenant.options().limits);
    let throttles = [
        Fault::ThrottleSeconds,
        Fault::ThrottleDate,
        Fault::ThrottleBare,
    ];
    let without_need: u64 = throttles
        .iter()
        .map(|fault| statistics.struck(*fault))
        .sum();
    let peaks = statistics.peaks;
    let holds = statistics.refused_by_limits == 0
        && statistics.answers(429) == without_need
        && peaks.in_a_second <= limits.burst_per_second
        && peaks.in_a_window <= limits.sustained_per_second * limits.window_s;
    must(holds, || {
        format!("the limits were not kept: {statistics:?}")
    })
}

/// No token and no secret went anywhere but to Graph and the authority.
fn trusted_alone(seen: &Seen) -> Result<(), Broken> {
    let known = ["graph.microsoft.com", "login.microsoftonline.com"];
    let stranger = seen
        .trusted
        .iter()
        .find(|host| !known.contains(&host.as_str()));
    must(stranger.is_none(), || {
        format!("a token went to {stranger:?}")
    })?;
    let foreign = seen.hosts.iter().find(|host| host.contains("collector"));
    must(foreign.is_none(), || {
        format!("a link was followed to {foreign:?}")
    })
}
