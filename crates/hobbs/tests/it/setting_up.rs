//! What an administrator meets before the first whole report: places, names and settings that are not
//! what they should be.

use hobbs_tenant::TenantOptions;

use crate::simulated::{Simulated, json, text};

fn small() -> TenantOptions {
    TenantOptions {
        users: 12,
        ..TenantOptions::seeded(3)
    }
    .frozen()
    .unthrottled()
}

/// As in `lake = "../x"`, and on the command line.
#[test]
fn a_lake_lies_wherever_it_is_put() {
    let simulated = Simulated::start(small());
    let folder = simulated.folder.path().join("configuration");
    std::fs::create_dir(&folder).unwrap();
    let config = folder.join("hobbs.toml");
    std::fs::write(&config, "lake = \"../100% of it\"\n").unwrap();
    let config = config.to_str().unwrap();
    let commands: [&[&str]; 5] = [
        &["sync", "--config", config],
        &["report", "--config", config],
        &[
            "query",
            "SELECT count(*) FROM interactions",
            "--lake",
            "configuration/../100% of it",
        ],
        &["lake", "check", "--lake", "configuration/../100% of it"],
        &["lake", "optimize", "--config", config],
    ];
    for arguments in commands {
        let done = simulated.hobbs(arguments).output().unwrap();
        assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    }
    assert!(simulated.folder.path().join("100% of it/users").is_dir());
    let query = [
        "query",
        "SELECT count(*) AS n FROM interactions",
        "--json",
        "--config",
        config,
    ];
    let rows = simulated.hobbs(&query).output().unwrap();
    assert_eq!(json(&rows)[0]["n"], simulated.tenant.truth().count());
}
