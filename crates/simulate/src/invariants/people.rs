//! People and licenses as the lake knows them now.

use std::collections::BTreeSet;

use hobbs_tenant::Access;

use super::{Broken, RunRecord, must};
use crate::disk::Disk;
use crate::oracle::Oracle;
use crate::tables::Rows;

/// Whoever did not change since the run began is in the lake as the directory has them.
pub(super) async fn as_they_are(
    disk: &Disk,
    oracle: &Oracle,
    run: &RunRecord,
) -> Result<(), Broken> {
    let at_ms = run.began_ms;
    let tenant = &oracle.tenant;
    let steady = |index: u32| {
        let mut events = tenant.events_of(index).into_iter();
        !events.any(|(event_ms, _)| event_ms >= at_ms)
            || tenant
                .events_of(index)
                .iter()
                .all(|(event_ms, _)| *event_ms < at_ms || *event_ms > tenant.now_ms())
    };
    let ids = |is_meant: &dyn Fn(u32, Access) -> bool| -> BTreeSet<String> {
        oracle
            .users(|index, access| steady(index) && is_meant(index, access))
            .into_iter()
            .collect()
    };
    let all = ids(&|_, _| true);
    let there = ids(&|index, _| tenant.exists_at(index, at_ms));
    let licensed =
        ids(&|index, access| tenant.exists_at(index, at_ms) && access == Access::Readable);
    let of = |rows: &Rows, flag: &dyn Fn(&crate::tables::Row<'_>) -> bool| -> BTreeSet<String> {
        let ids = rows.map(|row| {
            let id = row.text("user_id").filter(|id| all.contains(id));
            id.filter(|_| row.time_ms("valid_to").is_none() && flag(row))
        });
        ids.into_iter().flatten().collect()
    };
    let users = Rows::read(disk, "users").await?;
    let present = of(&users, &|row| {
        row.text("state").as_deref() == Some("present")
    });
    let difference = |found: &BTreeSet<String>, expected: &BTreeSet<String>| -> Vec<String> {
        found.symmetric_difference(expected).cloned().collect()
    };
    must(present == there, || {
        format!(
            "other people are there than in the directory: {:?}",
            difference(&present, &there)
        )
    })?;
    let is_licensed = |row: &crate::tables::Row<'_>| row.flag("licensed") == Some(true);
    let known = of(&users, &is_licensed);
    must(known == licensed, || {
        format!(
            "others are licensed than in the directory: {:?}",
            difference(&known, &licensed)
        )
    })?;
    let assignments = Rows::read(disk, "license_assignments").await?;
    let assigned = of(&assignments, &is_licensed);
    must(assigned == licensed, || {
        format!(
            "others hold a license than in the directory: {:?}",
            difference(&assigned, &licensed)
        )
    })
}
