//! What an administrator meets before the first whole report: places, names and settings that are not
//! what they should be.

use hobbs_tenant::{Fault, Faults, TenantOptions, Volume};
use tempfile::TempDir;

use crate::simulated::{Simulated, hobbs, json, small, text};

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

fn said(simulated: &Simulated, arguments: &[&str]) -> (Option<i32>, String) {
    let done = simulated.hobbs(arguments).output().unwrap();
    let said = format!("{}{}", text(&done.stdout), text(&done.stderr));
    (done.status.code(), said)
}

fn configure(simulated: &Simulated, config: &str) {
    std::fs::write(simulated.folder.path().join("hobbs.toml"), config).unwrap();
}

/// Who is excluded by a name that nobody has would be read.
#[test]
fn a_scope_that_matches_nobody_is_said() {
    let simulated = Simulated::start(small());
    configure(&simulated, "[scope]\nexclude = [\"ceo@contoso.exmaple\"]\n");
    let (code, words) = said(&simulated, &["sync"]);
    assert_eq!(code, Some(2), "{words}");
    assert!(words.contains("ceo@contoso.exmaple"), "{words}");
    let (code, words) = said(
        &simulated,
        &["query", "SELECT count(*) AS n FROM interactions", "--json"],
    );
    assert!(code == Some(0) && words.contains("\"n\":0"), "{words}");
    let (code, words) = said(&simulated, &["doctor"]);
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("FAIL  scope"), "{words}");

    configure(
        &simulated,
        "[scope]\ndepartments = [\"Finnance\"]\ninclude = [\"eve@contoso.exmaple\"]\n",
    );
    for command in ["sync", "doctor"] {
        let (code, words) = said(&simulated, &[command]);
        assert_eq!(code, Some(0), "{words}");
        assert!(words.contains("\"Finnance\""), "{words}");
        assert!(words.contains("\"eve@contoso.exmaple\""), "{words}");
    }
}

#[test]
fn an_excluded_person_is_found_in_any_case() {
    let simulated = Simulated::start(small());
    let somebody = simulated.tenant.user_facts(0).user_principal_name;
    configure(
        &simulated,
        &format!("[scope]\nexclude = [\"{}\"]\n", somebody.to_uppercase()),
    );
    let (code, words) = said(&simulated, &["sync"]);
    assert_eq!(code, Some(0), "{words}");
    assert!(!words.contains("[scope]"), "{words}");
}

#[test]
fn what_names_nothing_is_refused_with_the_nearest_name() {
    let simulated = Simulated::start(small());
    let (code, words) = said(&simulated, &["sync", "--app", "Wrod"]);
    assert_eq!(code, Some(2), "{words}");
    assert!(words.contains("\"Word\""), "{words}");
    assert!(!simulated.folder.path().join("hobbs-lake").exists());
    assert_eq!(
        said(&simulated, &["sync", "--app", "word", "--app", "bizchat"]).0,
        Some(0)
    );
    let (code, words) = said(&simulated, &["report", "--app", "Outlok"]);
    assert_eq!(code, Some(2), "{words}");
    assert!(words.contains("\"Outlook\""), "{words}");
    let total = |app: &str| {
        let report = simulated
            .hobbs(&["report", "--json", "--app", app])
            .output()
            .unwrap();
        json(&report)["rows"]["total"].as_u64().unwrap()
    };
    assert!(total("word") > 0);
    assert_eq!(total("word"), total("Word"));
    assert!(total("bizchat") > 0);
    let (code, words) = said(
        &simulated,
        &["licenses", "--on-leave", "nobody@contoso.example"],
    );
    assert_eq!(code, Some(2), "{words}");
    configure(
        &simulated,
        "[licenses]\non_leave = [\"nobody@contoso.example\"]\n",
    );
    let (code, words) = said(&simulated, &["licenses"]);
    assert_eq!(code, Some(0), "{words}");
    assert!(
        words.contains("on_leave") && words.contains("nobody@contoso.example"),
        "{words}"
    );
}

/// README: 3 where users or items are missing.
#[test]
fn partial_is_3_in_each_form_of_a_report() {
    let simulated = Simulated::start(TenantOptions {
        users: 30,
        volume: Volume::Exactly(150),
        faults: Faults::none().with(Fault::ForeignNextLink, 0.5),
        ..small()
    });
    assert_eq!(said(&simulated, &["sync"]).0, Some(3));
    for form in ["table", "json", "csv", "xlsx", "html"] {
        let (code, words) = said(&simulated, &["report", "--format", form]);
        assert_eq!(code, Some(3), "{form}: {words}");
        assert!(
            words.contains("PARTIAL") || words.contains("\"whole\": false"),
            "{form}"
        );
    }
}

#[test]
fn a_sync_with_items_that_cannot_be_kept_is_partial() {
    let simulated = Simulated::start(TenantOptions {
        volume: Volume::Exactly(150),
        faults: Faults::none().with(Fault::NoId, 0.2),
        ..small()
    });
    let (code, words) = said(&simulated, &["sync"]);
    assert_eq!(code, Some(3), "{words}");
    assert!(words.starts_with("PARTIAL: "), "{words}");
    assert!(words.contains("could not be kept"), "{words}");
}

#[test]
fn texts_of_rows_that_are_there_already_are_not_promised() {
    let simulated = Simulated::start(small());
    assert_eq!(said(&simulated, &["sync"]).0, Some(0));
    let (code, words) = said(&simulated, &["sync", "--full", "--content", "full"]);
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains("--lake PLACE --content full"), "{words}");
    let (_, words) = said(&simulated, &["sync", "--full"]);
    assert!(!words.contains("--lake PLACE"), "{words}");
}

#[test]
fn doctor_refuses_what_a_sync_refuses_and_makes_no_lake() {
    let simulated = Simulated::start(small());
    let (code, words) = said(&simulated, &["doctor"]);
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains("none at"), "{words}");
    assert!(!simulated.folder.path().join("hobbs-lake").exists());
    for (config, variable, value, what) in [
        ("time_zone = \"Europe/Berlim\"\n", "X", "", "Europe/Berlim"),
        ("content = \"ful\"\n", "X", "", "\"ful\""),
        (
            "[tenants.main]\ncloud = \"china\"\n",
            "X",
            "",
            "has no export",
        ),
        (
            "",
            "HOBBS_SUSTAINED_PER_SECOND",
            "2O",
            "HOBBS_SUSTAINED_PER_SECOND is \"2O\"",
        ),
        (
            "[limits]\nburst_per_second = 0.0\n",
            "X",
            "",
            "burst_per_second",
        ),
    ] {
        configure(&simulated, config);
        for command in ["doctor", "sync"] {
            let done = simulated
                .hobbs(&[command])
                .env(variable, value)
                .output()
                .unwrap();
            let words = format!("{}{}", text(&done.stdout), text(&done.stderr));
            assert_ne!(done.status.code(), Some(0), "{command}: {words}");
            assert!(words.contains(what), "{command}: {words}");
        }
    }
}

#[test]
fn init_takes_ids_a_lake_and_another_cloud() {
    let (tenant, app) = (
        "1b7a1f0e-3c5d-4e6f-8a9b-0c1d2e3f4a5b",
        "2c7a1f0e-3c5d-4e6f-8a9b-0c1d2e3f4a5b",
    );
    let init = |tenant: &str, app: &str, more: &[&str]| {
        let folder = TempDir::new().unwrap();
        let arguments = [&["init", "--tenant-id", tenant, "--client-id", app], more].concat();
        let done = hobbs(folder.path(), &arguments).output().unwrap();
        let config = std::fs::read_to_string(folder.path().join("hobbs.toml"));
        (
            done.status.code(),
            format!("{}{}", text(&done.stdout), text(&done.stderr)),
            config.unwrap_or_default(),
        )
    };
    for (tenant, app, more) in [
        ("contoso", app, &[][..]),
        (tenant, "my app", &[]),
        (tenant, "2c7a1f0e-3c5d-4e6f-8a9b", &[]),
        (tenant, tenant, &[]),
        (tenant, app, &["--valid-days", "0"]),
        (tenant, app, &["--valid-days", "4000000000"]),
    ] {
        let (code, words, config) = init(tenant, app, more);
        assert_eq!((code, config.as_str()), (Some(2), ""), "{words}");
    }
    let (code, words, _) = init(
        "contoso.onmicrosoft.com",
        app,
        &["--cloud", "us-government"],
    );
    assert_eq!(code, Some(0), "{words}");
    assert!(
        words.contains("portal.azure.us") && !words.contains("entra.microsoft.com"),
        "{words}"
    );
    let (code, words, config) = init(tenant, app, &["--json", "--lake", "a \"b\""]);
    assert_eq!(code, Some(0), "{words}");
    let said: serde_json::Value = serde_json::from_str(&words).unwrap();
    assert_eq!(said["valid_days"], 365);
    let lake = config
        .lines()
        .find(|line| line.starts_with("lake = "))
        .unwrap();
    assert!(
        lake.contains("a \"b\"'") || lake.contains("a \\\"b\\\""),
        "{lake}"
    );
    assert!(
        lake.contains('/') || lake.contains('\\'),
        "absolute: {lake}"
    );
}

#[test]
fn unknown_endings_are_refused_with_those_that_are_known() {
    let simulated = Simulated::start(small());
    assert_eq!(said(&simulated, &["sync"]).0, Some(0));
    let commands: [&[&str]; 4] = [
        &["report"],
        &["query", "SELECT 1"],
        &["metrics", "run", "headline"],
        &["licenses"],
    ];
    for command in commands {
        let (code, words) = said(&simulated, &[command, &["-o", "r.pdf"]].concat());
        assert_eq!(code, Some(2), "{command:?}: {words}");
        assert!(words.contains(".pdf") && words.contains(".csv"), "{words}");
    }
    assert!(!simulated.folder.path().join("r.pdf").exists());
    assert_eq!(said(&simulated, &["report", "-o", "R.XLSX"]).0, Some(0));
    let (code, words) = said(&simulated, &["query", "show  tables;"]);
    assert_eq!(code, Some(0), "{words}");
    for table in [
        "interactions",
        "license_assignments",
        "usage_trend",
        "people",
    ] {
        assert!(words.contains(table), "{words}");
        let sql = format!("SELECT count(*) FROM {table}");
        assert_eq!(said(&simulated, &["query", &sql]).0, Some(0));
    }
}

/// A file that can't be written is named, whatever is written.
#[test]
fn a_file_that_cannot_be_written_is_named() {
    let simulated = Simulated::start(small());
    assert_eq!(said(&simulated, &["sync"]).0, Some(0));
    for arguments in [&["report", "-o"], &["licenses", "-o"]] {
        let (code, words) = said(&simulated, &[arguments, &["missing/r.json"][..]].concat());
        assert_eq!(code, Some(1), "{words}");
        assert!(words.contains("missing"), "{words}");
    }
}
