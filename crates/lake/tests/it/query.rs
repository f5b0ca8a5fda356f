//! Queries read, and nothing else.

use hobbs_lake::LakeError;
use serde_json::{Value, json};

use crate::fixture::{Lake, row};

#[tokio::test]
async fn what_does_not_read_is_refused() {
    let lake = Lake::new();
    lake.commit(&[row("ann", None, 1, 1)]).await;
    let reader = lake.reader().await;
    let out = lake.around().join("out.csv");
    let outside = lake.around().join("outside.csv");
    std::fs::write(&outside, "secret\n1\n").unwrap();
    let (out_name, outside_name) = (out.display(), outside.display());
    for sql in [
        "CREATE TABLE x AS SELECT 1".to_owned(),
        "CREATE VIEW x AS SELECT 1".to_owned(),
        "CREATE SCHEMA x".to_owned(),
        "DROP TABLE interactions".to_owned(),
        "DROP VIEW users_now".to_owned(),
        "INSERT INTO runs SELECT * FROM runs".to_owned(),
        "DELETE FROM interactions".to_owned(),
        "UPDATE interactions SET etag = '2'".to_owned(),
        "TRUNCATE TABLE interactions".to_owned(),
        "SET datafusion.execution.batch_size = 1".to_owned(),
        "PREPARE p AS SELECT 1".to_owned(),
        "BEGIN".to_owned(),
        "SELECT 1; DROP TABLE interactions".to_owned(),
        "SELECT 1; SELECT 2".to_owned(),
        String::new(),
        format!("COPY interactions TO '{out_name}' STORED AS CSV"),
        format!("COPY (SELECT 1) TO '{out_name}'"),
        format!("EXPLAIN ANALYZE COPY (SELECT 1) TO '{out_name}' STORED AS CSV"),
        "EXPLAIN ANALYZE INSERT INTO runs SELECT * FROM runs".to_owned(),
        format!("CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '{outside_name}'"),
        format!("SELECT * FROM '{outside_name}'"),
        format!("SELECT * FROM \"{outside_name}\""),
        format!("SELECT * FROM read_csv('{outside_name}')"),
    ] {
        let error = reader
            .query(&sql)
            .await
            .err()
            .unwrap_or_else(|| panic!("{sql} ran"));
        assert!(
            matches!(error, LakeError::NotAQuery(_) | LakeError::Query(_)),
            "{sql}: {error:?}"
        );
    }
    let error = reader
        .query("DELETE FROM interactions")
        .await
        .err()
        .unwrap();
    assert!(
        error
            .to_string()
            .starts_with("only queries that read are allowed"),
        "{error}"
    );
    assert!(!out.exists());
    assert_eq!(lake.rows().await, 1);
    assert_eq!(lake.log("runs").len(), 1);
}

#[tokio::test]
async fn what_reads_is_run() {
    let lake = Lake::new();
    lake.commit(&[row("ann", None, 1, 1), row("ann", Some("s"), 2, 1)])
        .await;
    let reader = lake.reader().await;
    let rows = reader.select("WITH all_rows AS (SELECT * FROM interactions) SELECT Interaction_ID, links[1]['link_url'] AS url FROM all_rows ORDER BY 1").await;
    assert_eq!(
        Value::from(rows.unwrap()),
        json!([{"interaction_id": "1", "url": "https://x/1/0"}, {"interaction_id": "2", "url": "https://x/1/0"}])
    );
    for sql in [
        "EXPLAIN SELECT 1",
        "VALUES (1), (2)",
        "SELECT count(*) FROM users_now",
        "SELECT app FROM interactions WHERE 1 = 0",
    ] {
        reader
            .select(sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    // A reader stays at the moment in which it was opened.
    lake.commit(&[row("ann", None, 3, 1)]).await;
    let count = reader
        .select("SELECT count(*) AS n FROM interactions")
        .await
        .unwrap();
    assert_eq!((count[0]["n"].as_u64(), lake.rows().await), (Some(2), 3));
}
