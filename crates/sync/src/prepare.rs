//! What comes before the reading of histories: people, licenses, usage reports, the plan.

use std::collections::HashSet;
use std::sync::Arc;

use hobbs_graph::{Client, Clock};
use hobbs_lake::{LastActivity, Run, UserRecord, Writer};

use crate::directory::{self, Before, CopilotSkus, Directory};
use crate::options::{SyncOptions, Who};
use crate::plan::{Known, Plan, Wanted, plan};
use crate::progress::{Progress, Stage};
use crate::reading::ENDED;
use crate::scope::in_scope;
use crate::summary::SyncSummary;
use crate::sync::SyncError;
use crate::unmatched::Unmatched;
use crate::usage::{self, BEFORE_A_PLAN, Outcome, UsageReading};

/// A clock that is ahead by less than this is right: the overlap of two windows is far longer, and an
/// answer may have been under way for some of it.
const AHEAD_MS: i64 = 5 * 60_000;

/// Who is asked, where the directory was read to, and what is left for later.
pub(crate) struct Prepared {
    pub(crate) plan: Plan,
    /// Whether Microsoft's usage reports are still to be read.
    pub(crate) usage_to_read: bool,
    pub(crate) directory_link: Option<String>,
}

/// Reads and keeps people and licenses, and usage reports where the plan needs them, and plans who is asked.
pub(crate) async fn prepare(
    client: &Client,
    clock: &Arc<dyn Clock>,
    options: &SyncOptions,
    run: &Run,
    writer: &mut Writer,
    progress: &mut dyn Progress,
    summary: &mut SyncSummary,
) -> Result<Prepared, SyncError> {
    progress.show(&Stage::ReadingUsers { users: 0 });
    let skus = match client.subscribed_skus().await {
        Ok(skus) => skus,
        Err(error) if error.concerns_everyone() => return Err(SyncError::Users(error)),
        Err(error) => {
            let warning = format!("the subscriptions could not be read: {error}");
            summary.warnings.push(warning);
            Vec::new()
        }
    };
    let copilot = CopilotSkus::of(&skus, writer.copilot_skus(&run.tenant_id).await?);
    // A license of which nobody knew the SKU says so in the lake, and changes tell of it no more: where a
    // SKU is known from now on, everyone is listed.
    let settles =
        copilot.has_new && directory::any_unknown(&writer.assigned(&run.tenant_id).await?);
    let before = match settles {
        true => None,
        false => before(writer, run, options).await?,
    };
    let mut directory = Directory::read(client, &options.who, &copilot.all, before, |users| {
        progress.show(&Stage::ReadingUsers { users })
    })
    .await
    .map_err(SyncError::Users)?;
    // Both at once, should the clock be set while the run goes on.
    let (now_ms, ahead_ms) = (clock.now_ms(), clock_ahead_ms(client));
    writer
        .keep_users(run, now_ms, &directory.users, directory.whole)
        .await?;
    let looked_at = (!directory.whole).then(|| directory.ids());
    writer
        .keep_assignments(run, now_ms, &directory.assignments, looked_at.as_ref())
        .await?;
    // After the assignments, and after those of everyone: that a SKU is in the lake says that they are settled.
    if directory.whole || !settles {
        let licenses: Vec<_> = skus.iter().map(directory::license).collect();
        writer.keep_licenses(run, now_ms, &licenses).await?;
    }
    let ending = directory.ending();
    directory.assignments = Vec::new();
    refuse_unmatched(options, run, writer, &directory, summary).await?;
    let in_scope = in_scope(client, &options.scope, &directory.users).await?;
    let is_in_scope = |id: &str| in_scope.as_ref().is_none_or(|ids| ids.contains(id));
    let read = writer.read_of_users(&run.tenant_id).await?;
    let mut gone = HashSet::new();
    if directory.whole {
        gone = writer.last_reading_due(&run.tenant_id, &ENDED).await?;
        // Where only some are in scope, others are none of this lake's business, least of all when
        // they leave; but who was read and left the scope with the license is read to the end.
        gone.retain(|id| is_in_scope(id) || read.contains_key(id));
    }
    let leavers = leavers(&directory, &gone);
    let to_ask: Vec<&UserRecord> = directory
        .users
        .iter()
        .filter(|user| user.licensed || !directory.whole || gone.contains(&user.user_id))
        .chain(&leavers)
        .filter(|user| is_in_scope(&user.user_id) || gone.contains(&user.user_id))
        .collect();
    if ahead_ms > 0 {
        let minutes = ahead_ms / 60_000;
        summary.warnings.push(format!("this machine's clock is {minutes} minutes ahead of Microsoft's: histories are read up to Microsoft's time; set the clock, since what is kept carries its time"));
    }
    let wanted = Wanted {
        period: options.period,
        asking: options.asking,
        overlap_ms: options.overlap_ms,
        now_ms: now_ms - ahead_ms,
    };
    let mut usage_to_read = options.who == Who::Everyone && options.reports.read;
    let mut report = None;
    if wanted.needs_report(&to_ask, &read) {
        if usage_to_read {
            progress.show(&Stage::ReadingReports {
                patience: BEFORE_A_PLAN,
            });
            let reading = UsageReading {
                client,
                run,
                now_ms,
                format: options.reports.format,
                ids: usage::ids(&directory.users),
            };
            let came = reading.read(writer, BEFORE_A_PLAN, summary).await?;
            usage_to_read = came == Outcome::NotInTime;
        }
        report = writer.last_activity(&run.tenant_id).await?;
        if let Some(old) = report.as_ref().filter(|report| !wanted.is_told_by(report)) {
            summary.warnings.push(too_old(old));
        }
    }
    let known = Known {
        read: &read,
        report: report.as_ref(),
        ending: &ending,
        gone: &gone,
    };
    let plan = plan(to_ask, &known, &wanted);
    summary.users_listed = directory.users.len() as u64;
    summary.users_licensed = directory.users.iter().filter(|user| user.licensed).count() as u64;
    summary.users_asked = plan.asks.len() as u64;
    summary.users_deferred = plan.later.len() as u64;
    for (_, why) in &plan.later {
        *summary.users_deferred_by_reason.entry(*why).or_default() += 1;
    }
    summary.failed = directory.missing;
    Ok(Prepared {
        plan,
        usage_to_read,
        directory_link: directory.link,
    })
}

/// Says which names of the scope nobody has; where that may let somebody be read who should not, the sync ends.
async fn refuse_unmatched(
    options: &SyncOptions,
    run: &Run,
    writer: &Writer,
    directory: &Directory,
    summary: &mut SyncSummary,
) -> Result<(), SyncError> {
    let mut unmatched = Unmatched::of(&options.scope);
    for user in &directory.users {
        let principal = user.user_principal_name.as_deref();
        unmatched.see(&user.user_id, principal, user.department.as_deref());
    }
    if unmatched.names_people() {
        for user in writer.known_users(&run.tenant_id).await?.values() {
            let principal = user.record.user_principal_name.as_deref();
            unmatched.see_earlier(&user.record.user_id, principal);
        }
    }
    unmatched.refuse_excluded()?;
    summary.warnings.extend(unmatched.warnings());
    Ok(())
}

/// By how much this machine's clock is ahead, 0 where it is not or hardly so. Coverage that claims a
/// time that has not come yet would keep the rows of that time out for good.
fn clock_ahead_ms(client: &Client) -> i64 {
    let ahead_ms = client.clock_ahead_ms().unwrap_or(0);
    if ahead_ms > AHEAD_MS { ahead_ms } else { 0 }
}

/// What the lake knows of everyone, where changes can be read from.
async fn before(
    writer: &Writer,
    run: &Run,
    options: &SyncOptions,
) -> Result<Option<Before>, SyncError> {
    if options.who != Who::Everyone {
        return Ok(None);
    }
    let Some(link) = writer.directory_link(&run.tenant_id).await? else {
        return Ok(None);
    };
    Ok(Some(Before {
        link,
        users: writer.known_users(&run.tenant_id).await?,
        assigned: writer.assigned(&run.tenant_id).await?,
    }))
}

/// Those who are gone from the directory altogether.
fn leavers(directory: &Directory, gone: &HashSet<String>) -> Vec<UserRecord> {
    let listed = directory.ids();
    let leavers = gone.iter().filter(|id| !listed.contains(*id));
    let mut leavers: Vec<_> = leavers
        .map(|id| UserRecord {
            user_id: id.clone(),
            ..UserRecord::default()
        })
        .collect();
    leavers.sort_by(|a, b| a.user_id.cmp(&b.user_id));
    leavers
}

fn too_old(report: &LastActivity) -> String {
    let date =
        jiff::civil::date(1970, 1, 1).saturating_add(jiff::Span::new().days(report.refreshed));
    format!(
        "the newest usage report is of {date}, too old to say who was not active since: everyone is asked"
    )
}
