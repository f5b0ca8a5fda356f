//! People who change: reports of a time past show them as they were then.

use std::time::Duration;

use hobbs_tenant::{Access, TenantOptions, Volume};
use serde_json::Value;
use tokio::time::advance;

use crate::in_process::World;
use crate::simulated::{hobbs, json};

#[tokio::test(start_paused = true)]
async fn last_quarters_report_has_last_quarters_departments() {
    let world = World::new(TenantOptions {
        users: 40,
        volume: Volume::Monthly(30.0),
        ..TenantOptions::default()
    });
    world.sync().await;
    let mover = (11..40)
        .find(|user| {
            let facts = world.tenant.user_facts(*user);
            facts.access == Access::Readable && facts.department != "Legal"
        })
        .unwrap();
    let before = world.tenant.user_facts(mover);
    advance(Duration::from_secs(10 * 86_400)).await;
    assert!(world.tenant.move_department(mover, "Legal"));
    advance(Duration::from_secs(86_400)).await;
    world.sync().await;

    let folder = world.lake.folder().unwrap().parent().unwrap();
    let lake = world.lake.to_string();
    let run = |arguments: &[&str]| {
        let arguments = [&["--lake", lake.as_str(), "--json"], arguments].concat();
        json(&hobbs(folder, &arguments).output().unwrap())
    };
    let department = |figures: &Value| {
        let users = figures["users"].as_array().unwrap();
        let user = users
            .iter()
            .find(|user| user["user_id"] == before.id.as_str());
        user.unwrap()["department"].as_str().unwrap().to_owned()
    };
    let may = run(&["report", "--from", "2026-05-04", "--to", "2026-06-01"]);
    assert_eq!(department(&may), before.department);
    assert_eq!(department(&run(&["report"])), "Legal");

    // The same user by department in a metric: one column of names, another of numbers.
    let of_metric = |to: &str| {
        let answer = run(&["metrics", "run", "users", "--days", "28", "--to", to]);
        let rows = answer["rows"].as_array().unwrap();
        let name = before.user_principal_name.as_str();
        let row = rows.iter().find(|row| row["user_name"] == name);
        row.map(|row| row["department"].as_str().unwrap().to_owned())
    };
    assert_eq!(of_metric("2026-06-01").as_deref(), Some(before.department));
    assert_eq!(of_metric("2026-06-15").as_deref(), Some("Legal"));
}
