//! What comes before the reading of histories: people, licenses, usage reports, the plan.

use std::collections::HashSet;
use std::sync::Arc;

use hobbs_graph::{Client, Clock};
use hobbs_lake::{Run, Writer};

use crate::directory::{self, Before, Directory};
use crate::options::{SyncOptions, Who};
use crate::plan::{Known, Plan, Wanted, plan};
use crate::progress::{Progress, Stage};
use crate::reading::ENDED;
use crate::scope::in_scope;
use crate::summary::SyncSummary;
use crate::sync::SyncError;
use crate::unmatched::Unmatched;
use crate::usage::{self, UsageError, UsageReading};

/// What to do about concealed names (learn.microsoft.com, "Microsoft 365 reports in the admin center").
const CONCEALED: &str = "the usage reports conceal names, so that they can't be compared person by person: in the Microsoft 365 admin center, under Settings, Org settings, Reports, turn off \"Display concealed user, group, and site names in all reports\"";

/// A clock that is ahead by less than this is right: the overlap of two windows is far longer, and an
/// answer may have been under way for some of it.
const AHEAD_MS: i64 = 5 * 60_000;

/// Who is asked, and where the directory was read to.
pub(crate) struct Prepared {
    pub(crate) plan: Plan,
    pub(crate) directory_link: Option<String>,
}

/// Reads and keeps people, licenses and usage reports, and plans who is asked.
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
    let before = before(writer, run, options).await?;
    let copilot_skus = directory::copilot_skus(&skus);
    let mut directory = Directory::read(client, &options.who, &copilot_skus, before, |users| {
        progress.show(&Stage::ReadingUsers { users })
    })
    .await
    .map_err(SyncError::Users)?;
    // Both at once, should the clock be set while the run goes on.
    let (now_ms, ahead_ms) = (clock.now_ms(), clock_ahead_ms(client));
    writer
        .keep_users(run, now_ms, &directory.users, directory.whole)
        .await?;
    let licenses: Vec<_> = skus.iter().map(directory::license).collect();
    writer.keep_licenses(run, now_ms, &licenses).await?;
    let looked_at = (!directory.whole).then(|| directory.ids());
    writer
        .keep_assignments(run, now_ms, &directory.assignments, looked_at.as_ref())
        .await?;
    let ending = directory.ending();
    directory.assignments = Vec::new();
    if options.who == Who::Everyone {
        read_usage(client, options, run, writer, now_ms, &directory, summary).await?;
    }
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
    let report = writer.last_activity(&run.tenant_id).await?;
    let to_ask = directory
        .users
        .iter()
        .filter(|user| user.licensed || !directory.whole || gone.contains(&user.user_id))
        .chain(&leavers)
        .filter(|user| is_in_scope(&user.user_id) || gone.contains(&user.user_id));
    let known = Known {
        read: &read,
        report: report.as_ref(),
        ending: &ending,
        gone: &gone,
    };
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
    let plan = plan(to_ask, &known, &wanted);
    summary.users_listed = directory.users.len() as u64;
    summary.users_licensed = directory.users.iter().filter(|user| user.licensed).count() as u64;
    summary.users_asked = plan.asks.len() as u64;
    summary.users_deferred = plan.later.len() as u64;
    summary.failed = directory.missing;
    Ok(Prepared {
        plan,
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
fn leavers(directory: &Directory, gone: &HashSet<String>) -> Vec<hobbs_lake::UserRecord> {
    let listed = directory.ids();
    let leavers = gone.iter().filter(|id| !listed.contains(*id));
    let mut leavers: Vec<_> = leavers
        .map(|id| hobbs_lake::UserRecord {
            user_id: id.clone(),
            ..hobbs_lake::UserRecord::default()
        })
        .collect();
    leavers.sort_by(|a, b| a.user_id.cmp(&b.user_id));
    leavers
}

/// That the reports can't be read is no failure of the sync: histories are what it is for.
async fn read_usage(
    client: &Client,
    options: &SyncOptions,
    run: &Run,
    writer: &mut Writer,
    now_ms: i64,
    directory: &Directory,
    summary: &mut SyncSummary,
) -> Result<(), SyncError> {
    if !options.reports.read {
        return Ok(());
    }
    let mut reading = UsageReading {
        client,
        writer,
        run,
        now_ms,
        format: options.reports.format,
        ids: usage::ids(&directory.users),
    };
    match reading.read().await {
        Ok(read) => {
            if let Some(read) = &read {
                if read.concealed {
                    summary.warnings.push(CONCEALED.to_owned());
                }
                for unkept in &read.unkept {
                    summary.add_unkept(unkept.reason.clone(), unkept.count);
                }
            }
            summary.usage_reports = read;
            Ok(())
        }
        Err(UsageError::Lake(error)) => Err(error.into()),
        Err(UsageError::Read(error)) => {
            let warning = format!("Microsoft's usage reports could not be read: {error}");
            summary.warnings.push(warning);
            Ok(())
        }
    }
}
