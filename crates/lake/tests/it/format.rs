//! What lies on the disk: a format that every reader opens, files for their owner alone.

use std::collections::HashMap;

use hobbs_interaction::Interaction;
use hobbs_lake::{LakeError, Reader, RunCounts, RunStatus, Writer};
use serde_json::Value;

use crate::fixture::{Lake, START_MS, files, line, row, run};

const TABLES: [&str; 13] = [
    "interactions",
    "users",
    "licenses",
    "license_assignments",
    "usage_reports",
    "usage_summary",
    "usage_trend",
    "runs",
    "coverage",
    "exchanges",
    "conversations",
    "resources",
    "keys",
];

fn actions(lake: &Lake, table: &str) -> Vec<Value> {
    let commits = lake.log(table);
    assert!(!commits.is_empty(), "{table}");
    let lines = commits.iter().flat_map(|commit| {
        let text = std::fs::read_to_string(commit).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect::<Vec<Value>>()
    });
    lines.collect()
}

/// Reader 1, writer 2, and nothing that needs more.
pub fn assert_protocol(lake: &Lake) {
    for table in TABLES {
        let mut seen = 0;
        for action in actions(lake, table) {
            if let Some(protocol) = action.get("protocol") {
                assert_eq!(protocol["minReaderVersion"], 1, "{table}: {protocol}");
                assert_eq!(protocol["minWriterVersion"], 2, "{table}: {protocol}");
                assert!(
                    protocol.get("readerFeatures").is_none_or(Value::is_null),
                    "{protocol}"
                );
                assert!(
                    protocol.get("writerFeatures").is_none_or(Value::is_null),
                    "{protocol}"
                );
                seen += 1;
            }
            if let Some(meta) = action.get("metaData") {
                let schema = meta["schemaString"].as_str().unwrap();
                assert!(
                    !schema.contains("timestamp_ntz") && !schema.contains("columnMapping"),
                    "{table}: {schema}"
                );
                assert_eq!(
                    meta["configuration"]["hobbs.lakeVersion"], "3",
                    "{table}: {meta}"
                );
            }
        }
        assert!(seen > 0, "{table}");
    }
}

/// A lake in which everything has happened once.
async fn lived_in(name: &str) -> Lake {
    let lake = Lake::named(name);
    for round in 0..12_u64 {
        let mut writer = lake.writer().await;
        writer.begin(&run(), "sync", START_MS).await.unwrap();
        let user = hobbs_lake::UserRecord {
            user_id: format!("user {round}"),
            ..Default::default()
        };
        writer
            .keep_users(&run(), START_MS + round as i64, &[user], true)
            .await
            .unwrap();
        let license = hobbs_lake::LicenseRecord {
            sku_id: "sku".to_owned(),
            sku_part_number: None,
            has_copilot_chat: true,
            enabled: 1,
            suspended: 0,
            warning: 0,
            locked_out: 0,
            consumed: 1,
            service_plan_ids: vec!["plan".to_owned()],
        };
        writer
            .keep_licenses(&run(), START_MS, &[license])
            .await
            .unwrap();
        crate::usage::keep_one_of_each(&mut writer, round as i32).await;
        let rows: Vec<Interaction<'static>> = [
            row("ann", None, 1, round),
            row("ann", Some("s"), 10 + round as u32, 1),
        ]
        .into();
        writer
            .commit(
                &run(),
                START_MS,
                crate::fixture::rows_of(&rows),
                vec![line("ann", 0, START_MS + round as i64)],
            )
            .await
            .unwrap();
        writer
            .end(
                &run(),
                START_MS,
                RunStatus::Whole,
                RunCounts::default(),
                None,
                None,
            )
            .await
            .unwrap();
        if round == 11 {
            writer.optimize().await.unwrap();
        }
    }
    lake
}

#[tokio::test]
async fn the_protocol_stays_old_and_files_private() {
    // Characters that mean something in addresses, and in names of staged files.
    let lake = lived_in("Läke #1 of 100%?").await;
    assert_protocol(&lake);
    assert_eq!(lake.rows().await, 13);
    assert!(lake.path().is_dir(), "the name is taken to the letter");
    let checkpoints = files(lake.path())
        .iter()
        .filter(|path| path.to_string_lossy().contains(".checkpoint"))
        .count();
    assert!(checkpoints >= 5, "{checkpoints}");
    let left_over: Vec<_> = files(lake.path())
        .into_iter()
        .filter(|path| path.file_name().unwrap().to_string_lossy().contains('#'))
        .collect();
    assert!(left_over.is_empty(), "{left_over:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode =
            |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        for file in files(lake.path()) {
            assert_eq!(mode(&file), 0o600, "{}", file.display());
            assert_eq!(
                mode(file.parent().unwrap()),
                0o700,
                "{}",
                file.parent().unwrap().display()
            );
        }
    }
}

#[tokio::test]
async fn times_are_utc_and_texts_are_texts() {
    let lake = Lake::new();
    drop(lake.writer().await);
    let metadata = actions(&lake, "interactions")
        .into_iter()
        .find_map(|action| action.get("metaData").cloned())
        .unwrap();
    let schema: Value = serde_json::from_str(metadata["schemaString"].as_str().unwrap()).unwrap();
    let types: HashMap<&str, &Value> = schema["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| (field["name"].as_str().unwrap(), &field["type"]))
        .collect();
    assert_eq!(
        (types["created_at"], types["ingested_at"]),
        (&Value::from("timestamp"), &Value::from("timestamp"))
    );
    assert_eq!(
        (types["content"], types["content_chars"]),
        (&Value::from("string"), &Value::from("integer"))
    );
    assert_eq!(
        types["links"]["elementType"]["fields"][0]["name"],
        "link_url"
    );
    assert_eq!(types.len(), 33);
}

#[tokio::test]
async fn a_newer_lake_is_refused_and_left_as_it_is() {
    for table in TABLES {
        let lake = Lake::new();
        lake.commit(&[row("ann", None, 1, 1)]).await;
        let first = &lake.log(table)[0];
        let text = std::fs::read_to_string(first).unwrap();
        assert!(text.contains("\"hobbs.lakeVersion\":\"3\""), "{text}");
        std::fs::write(
            first,
            text.replace("\"hobbs.lakeVersion\":\"3\"", "\"hobbs.lakeVersion\":\"4\""),
        )
        .unwrap();
        // A table is missing too: it must not be created in a lake that we don't know.
        let missing = if table == "licenses" {
            "runs"
        } else {
            "licenses"
        };
        std::fs::remove_dir_all(lake.path().join(missing)).unwrap();
        let before = contents(&lake);
        let error = Writer::open(&lake.location).await.err().unwrap();
        assert!(
            matches!(&error, LakeError::Newer { table: named, .. } if *named == table),
            "{error}"
        );
        assert!(error.to_string().contains("newer hobbs"), "{error}");
        assert_eq!(contents(&lake), before);
        if table == "interactions" {
            assert!(matches!(
                Reader::open(&lake.location).await,
                Err(LakeError::Newer { .. })
            ));
        }
    }
}

fn contents(lake: &Lake) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    files(lake.path())
        .into_iter()
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect()
}
