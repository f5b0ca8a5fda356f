use std::collections::HashSet;
use std::io::Write;
use std::process::Stdio;

use hobbs_tenant::{Fault, Faults, TenantOptions, Volume};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::simulated::{Simulated, hobbs, init_arguments, json as json_of, small, text};

/// What one person is refused for is no verdict on the app: another is asked, and both are told.
#[test]
fn doctor_asks_another_when_one_person_cannot_be_read() {
    let simulated = Simulated::start(TenantOptions {
        volume: Volume::Exactly(60_000),
        faults: Faults::none().with(Fault::ForeignNextLink, 0.5),
        ..small()
    });
    let doctor = simulated.hobbs(&["doctor", "--json"]).output().unwrap();
    assert_eq!(doctor.status.code(), Some(0), "{}", text(&doctor.stdout));
    let checks = json_of(&doctor);
    let interactions: Vec<&str> = checks
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["what"] == "interactions")
        .map(|check| check["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(interactions, ["warning", "ok"], "{checks:#}");
}

/// More is written than fits in a buffer, so that the pipe is found closed amid the JSON.
#[test]
fn who_closes_the_pipe_is_not_told_of_an_error() {
    let simulated = Simulated::start(TenantOptions {
        users: 90,
        ..small()
    });
    let sync = simulated.hobbs(&["sync"]).output().unwrap();
    assert_eq!(sync.status.code(), Some(0), "{}", text(&sync.stderr));
    let arguments = ["report", "--json"];
    let whole = simulated.hobbs(&arguments).output().unwrap();
    assert!(whole.stdout.len() > 1 << 17, "{}", whole.stdout.len());
    let mut closed = simulated
        .process(&arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(closed.stdout.take());
    let closed = closed.wait_with_output().unwrap();
    assert_eq!(
        (closed.status.code(), text(&closed.stderr)),
        (Some(0), "".into())
    );
}

#[test]
fn the_environment_alone_is_enough_for_every_command() {
    let simulated = Simulated::start(small());
    let doctor = simulated.hobbs(&["doctor", "--json"]).output().unwrap();
    assert_eq!(doctor.status.code(), Some(0), "{}", text(&doctor.stdout));
    let checks = json_of(&doctor);
    assert!(
        checks
            .as_array()
            .unwrap()
            .iter()
            .all(|check| check["verdict"] != "failed"),
        "{checks:#}"
    );

    let sync = simulated.hobbs(&["sync", "--json"]).output().unwrap();
    assert_eq!(sync.status.code(), Some(0), "{}", text(&sync.stderr));
    let truth: Vec<_> = simulated.tenant.truth().collect();
    assert_eq!(json_of(&sync)["rows_new"], truth.len());
    assert_eq!(json_of(&sync)["status"], "whole");

    let query = "SELECT user_id, session_id, interaction_id, content FROM interactions";
    let rows = simulated
        .hobbs(&["query", query, "--format", "json"])
        .output()
        .unwrap();
    let key = |user: &Value, session: &Value, id: &Value| format!("{user}\n{session}\n{id}");
    let found: HashSet<String> = json_of(&rows)
        .as_array()
        .unwrap()
        .iter()
        .map(|row| key(&row["user_id"], &row["session_id"], &row["interaction_id"]))
        .collect();
    let expected: HashSet<String> = truth
        .iter()
        .map(|item| {
            key(
                &json!(item.user_id),
                &json!(item.session_id),
                &json!(item.id),
            )
        })
        .collect();
    assert_eq!(found, expected);
    assert!(
        json_of(&rows)
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["content"].is_null()),
        "texts are not kept by default"
    );

    let report = json_of(&simulated.hobbs(&["report", "--json"]).output().unwrap());
    assert_eq!(report["rows"]["total"], truth.len());
    let prompts = truth
        .iter()
        .filter(|item| item.interaction_type == "userPrompt")
        .count();
    assert_eq!(report["rows"]["prompts"], prompts);
    assert_eq!(report["coverage"]["whole"], true);
    assert_eq!(report["coverage"]["gaps"], json!([]));
    let by_app: u64 = report["apps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|app| app["total"].as_u64().unwrap())
        .sum();
    assert_eq!(by_app, truth.len() as u64);

    let status = json_of(
        &simulated
            .hobbs(&["lake", "status", "--json"])
            .output()
            .unwrap(),
    );
    assert_eq!(status["tables"][0]["table"], "interactions");
    assert_eq!(status["tables"][0]["rows"], truth.len());

    let again = json_of(&simulated.hobbs(&["sync", "--json"]).output().unwrap());
    assert_eq!(again["rows_new"], 0);
    assert_eq!(again["requests_for_interactions"], again["users_asked"]);
    simulated.hobbs(&["lake", "optimize"]).assert().success();
    simulated.hobbs(&["lake", "check"]).assert().success();
    let after = json_of(
        &simulated
            .hobbs(&["lake", "status", "--json"])
            .output()
            .unwrap(),
    );
    assert_eq!(after["tables"][0]["rows"], truth.len());
}

#[test]
fn users_that_cannot_be_read_are_named_and_the_rest_is_whole() {
    let faults = Faults::none().with(Fault::ForeignNextLink, 0.5);
    // Only a history of more than a page has a link to follow.
    let options = TenantOptions {
        users: 30,
        volume: Volume::Exactly(150),
        faults,
        ..small()
    };
    let simulated = Simulated::start(options);
    let sync = simulated.hobbs(&["sync", "--json"]).output().unwrap();
    assert_eq!(sync.status.code(), Some(3), "{}", text(&sync.stderr));
    let summary = json_of(&sync);
    let failed: HashSet<&str> = summary["failed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["user_id"].as_str().unwrap())
        .collect();
    assert!(!failed.is_empty());
    for user in summary["failed"].as_array().unwrap() {
        assert_eq!(user["code"], "foreign_next_link");
    }
    let whole: usize = simulated
        .tenant
        .truth()
        .filter(|item| !failed.contains(item.user_id.as_str()))
        .count();
    let names: Vec<String> = failed.iter().map(|id| format!("'{id}'")).collect();
    let query = format!(
        "SELECT count(*) AS n FROM interactions WHERE user_id NOT IN ({})",
        names.join(",")
    );
    let count = json_of(
        &simulated
            .hobbs(&["query", &query, "--json"])
            .output()
            .unwrap(),
    );
    assert_eq!(count[0]["n"], whole);

    let report = json_of(&simulated.hobbs(&["report", "--json"]).output().unwrap());
    assert_eq!(report["coverage"]["whole"], false);
    let gaps: HashSet<&str> = report["coverage"]["gaps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gap| gap["user_id"].as_str().unwrap())
        .collect();
    assert_eq!(gaps, failed);
    let table = text(&simulated.hobbs(&["report"]).output().unwrap().stdout);
    assert!(table.contains("PARTIAL"), "{table}");
}

#[test]
fn wrong_use_ends_with_2_and_says_what_to_do() {
    let folder = TempDir::new().unwrap();
    let nothing = hobbs(folder.path(), &["sync"]).output().unwrap();
    assert_eq!(nothing.status.code(), Some(2));
    assert!(
        text(&nothing.stderr).contains("hobbs init"),
        "{}",
        text(&nothing.stderr)
    );
    assert_eq!(
        hobbs(folder.path(), &["sync", "--nonsense"])
            .output()
            .unwrap()
            .status
            .code(),
        Some(2)
    );
    let dates = ["report", "--from", "yesterday", "--lake", "lake"];
    hobbs(folder.path(), &["import", "missing.json"])
        .assert()
        .code(1);
    assert_ne!(
        hobbs(folder.path(), &dates).output().unwrap().status.code(),
        Some(0)
    );
    std::fs::write(folder.path().join("hobbs.toml"), "lakee = \"x\"\n").unwrap();
    let misspelled = hobbs(folder.path(), &["lake", "status"]).output().unwrap();
    assert_eq!(misspelled.status.code(), Some(2));
    assert!(
        text(&misspelled.stderr).contains("lakee"),
        "{}",
        text(&misspelled.stderr)
    );
    // A secret does not belong there, and is not shown where somebody put one.
    let config = "lake = \"lake\"\n[tenants.a]\nclient_secret = \"hunter2\"\n";
    std::fs::write(folder.path().join("hobbs.toml"), config).unwrap();
    let misplaced = hobbs(folder.path(), &["lake", "status"]).output().unwrap();
    assert_eq!(misplaced.status.code(), Some(2));
    let said = text(&misplaced.stderr);
    assert!(
        said.contains("hobbs.toml, line 3: ") && said.contains("client_secret"),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn a_lake_that_is_not_there_is_said_so_and_not_made() {
    let folder = TempDir::new().unwrap();
    for arguments in [&["report"][..], &["query", "SELECT 1"], &["lake", "status"]] {
        let output = hobbs(folder.path(), arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(
            text(&output.stderr).contains("no lake"),
            "{}",
            text(&output.stderr)
        );
    }
    assert!(!folder.path().join("hobbs-lake").exists());
}

#[test]
fn queries_read_only() {
    let simulated = Simulated::start(small());
    simulated.hobbs(&["sync", "--quiet"]).assert().success();
    for sql in [
        "DELETE FROM interactions",
        "DROP TABLE interactions",
        "CREATE TABLE t AS SELECT 1",
        "CREATE EXTERNAL TABLE t (a INT) STORED AS CSV LOCATION '/etc/hosts'",
        "COPY interactions TO 'stolen.csv'",
        "SET datafusion.execution.batch_size = 1",
    ] {
        let output = simulated.hobbs(&["query", sql]).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(1),
            "{sql}: {}",
            text(&output.stdout)
        );
    }
    assert!(!simulated.folder.path().join("stolen.csv").exists());
}

#[test]
fn results_come_in_every_form() {
    let simulated = Simulated::start(small());
    simulated
        .hobbs(&["sync", "--quiet", "--content", "full"])
        .assert()
        .success();
    let total = simulated.tenant.truth().count();
    let sql = "SELECT * FROM interactions ORDER BY created_at";
    let ndjson = simulated
        .hobbs(&["query", sql, "--format", "ndjson"])
        .output()
        .unwrap();
    assert_eq!(text(&ndjson.stdout).lines().count(), total);
    let csv = simulated
        .hobbs(&[
            "query",
            "SELECT content FROM interactions",
            "--format",
            "csv",
        ])
        .output()
        .unwrap();
    let mut reader = csv::Reader::from_reader(csv.stdout.as_slice());
    let cells: Vec<String> = reader
        .records()
        .map(|record| record.unwrap()[0].to_owned())
        .collect();
    assert_eq!(cells.len(), total);
    assert!(
        cells
            .iter()
            .all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r']))
    );
    simulated
        .hobbs(&["query", sql, "-o", "rows.parquet"])
        .assert()
        .success();
    assert_eq!(
        &std::fs::read(simulated.folder.path().join("rows.parquet")).unwrap()[..4],
        b"PAR1"
    );
    let empty = simulated
        .hobbs(&["query", "SELECT * FROM runs WHERE false", "--json"])
        .output()
        .unwrap();
    assert_eq!(json_of(&empty), json!([]));
    simulated
        .hobbs(&["report", "-o", "report.xlsx"])
        .assert()
        .success();
    assert_eq!(
        &std::fs::read(simulated.folder.path().join("report.xlsx")).unwrap()[..2],
        b"PK"
    );
    let rows = simulated
        .hobbs(&["report", "--format", "csv"])
        .output()
        .unwrap();
    let mut reader = csv::Reader::from_reader(rows.stdout.as_slice());
    let header: Vec<String> = reader
        .headers()
        .unwrap()
        .iter()
        .take(12)
        .map(|name| name.trim_start_matches('\u{feff}').to_owned())
        .collect();
    assert_eq!(
        header.join(","),
        "User,Timestamp,Copilot App,AppId,Contexts,InteractionType,ThreadId,Body,Attachments,Mentions,Links,AutoGenerated"
    );
    assert_eq!(reader.records().count(), total);
}

#[test]
fn saved_pages_are_imported_once_packed_or_not() {
    let folder = TempDir::new().unwrap();
    let page = json!({ "value": [
        { "id": "1", "sessionId": "s", "requestId": "r", "appClass": "IPM.SkypeTeams.Message.Copilot.BizChat",
          "interactionType": "userPrompt", "createdDateTime": "2026-11-01T08:00:00Z",
          "from": { "user": { "id": "ada" } }, "body": { "contentType": "text", "content": "What is new?" } },
        { "id": "2", "sessionId": "s", "requestId": "r", "appClass": "IPM.SkypeTeams.Message.Copilot.BizChat",
          "interactionType": "aiResponse", "createdDateTime": "2026-11-01T08:00:04.250Z",
          "from": { "application": { "id": "app", "displayName": "Copilot" } },
          "body": { "contentType": "html", "content": "<p>Nothing &amp; nobody.</p>" } },
        null,
        { "id": "3" }
    ] });
    std::fs::write(folder.path().join("page.json"), page.to_string()).unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(page.to_string().as_bytes()).unwrap();
    std::fs::write(folder.path().join("page.json.gz"), packed.finish().unwrap()).unwrap();

    let import = hobbs(
        folder.path(),
        &[
            "import",
            "page.json",
            "page.json.gz",
            "--content",
            "full",
            "--json",
        ],
    )
    .output()
    .unwrap();
    assert_eq!(
        import.status.code(),
        Some(3),
        "two items can't be kept: {}",
        text(&import.stderr)
    );
    let files = &json_of(&import)["files"];
    assert_eq!(
        (
            &files[0]["rows_new"],
            &files[1]["rows_new"],
            &files[1]["rows_known"]
        ),
        (&json!(2), &json!(0), &json!(2))
    );
    let sql = "SELECT user_id, kind, content FROM interactions ORDER BY interaction_id";
    let rows = json_of(
        &hobbs(folder.path(), &["query", sql, "--json"])
            .output()
            .unwrap(),
    );
    assert_eq!(
        rows,
        json!([
            { "user_id": "ada", "kind": "prompt", "content": "What is new?" },
            { "user_id": "ada", "kind": "response", "content": "Nothing & nobody." },
        ])
    );
    let report = json_of(
        &hobbs(folder.path(), &["report", "--user", "ADA", "--json"])
            .output()
            .unwrap(),
    );
    assert_eq!(report["rows"]["total"], 2);
    hobbs(folder.path(), &["report", "--user", "nobody"])
        .assert()
        .code(2);
}

#[test]
fn init_makes_what_signs_in() {
    let folder = TempDir::new().unwrap();
    let options = small();
    let arguments = init_arguments(&options);
    let output = hobbs(folder.path(), &arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(
        hobbs(folder.path(), &arguments)
            .output()
            .unwrap()
            .status
            .code(),
        Some(2),
        "nothing is replaced unasked"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.path().join("hobbs.pem"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let certificates = vec![std::fs::read(folder.path().join("hobbs.cer")).unwrap()];
    let simulated = Simulated::start(TenantOptions {
        certificates,
        ..options
    });
    let config = folder.path().join("hobbs.toml");
    let sync = simulated
        .hobbs(&["sync", "--json", "--config", config.to_str().unwrap()])
        .env_remove("AZURE_CLIENT_SECRET")
        .env_remove("AZURE_TENANT_ID")
        .env_remove("AZURE_CLIENT_ID")
        .output()
        .unwrap();
    assert_eq!(sync.status.code(), Some(0), "{}", text(&sync.stderr));
    assert!(
        folder.path().join("hobbs-lake").is_dir(),
        "the lake stands beside the configuration"
    );
}

#[test]
fn the_demo_goes_all_the_way() {
    let folder = TempDir::new().unwrap();
    let demo = hobbs(folder.path(), &["demo", "--users", "20"])
        .output()
        .unwrap();
    assert_eq!(demo.status.code(), Some(0), "{}", text(&demo.stderr));
    let out = text(&demo.stdout);
    assert!(out.contains("interactions are automatic"), "{out}");
    assert_eq!(
        &std::fs::read(folder.path().join("hobbs-demo/report.xlsx")).unwrap()[..2],
        b"PK"
    );
}

#[test]
fn a_failed_sign_in_fails_the_run_and_says_why() {
    let simulated = Simulated::start(small());
    let output = simulated
        .hobbs(&["sync"])
        .env("AZURE_CLIENT_SECRET", "wrong")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("AADSTS7000215"),
        "{}",
        text(&output.stderr)
    );
}
