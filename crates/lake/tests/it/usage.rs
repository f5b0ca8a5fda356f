//! Microsoft's usage reports in the lake.

use hobbs_lake::{
    Assignment, AssignmentStatus, DayNumber, Names, UsageColumn, UsageCount, UsageLine,
    UsageSnapshot, Writer,
};
use serde_json::{Value, json};

use crate::fixture::{Lake, START_MS, TENANT, run};

/// 1 June 2026.
const JUNE: DayNumber = 20_605;

fn snapshot(refreshed: DayNumber) -> UsageSnapshot {
    UsageSnapshot {
        refreshed,
        period_days: 28,
        version: "v2",
    }
}

fn line(user: &str, last: Option<DayNumber>) -> UsageLine {
    let mut line = UsageLine {
        user_id: Some(user.to_owned()),
        user_principal_name: format!("{user}@contoso.example"),
        prompts_submitted: Some(7),
        other_columns: Some("{\"Favorite Color\":\"blue\"}".to_owned()),
        ..UsageLine::default()
    };
    line.dates[0] = last;
    line.dates[3] = last;
    line
}

fn count(active_users: i64) -> UsageCount {
    UsageCount {
        app: "Any App".to_owned(),
        enabled_users: Some(10),
        active_users: Some(active_users),
        prompts_submitted: Some(99),
        average_prompts: Some(9.9),
    }
}

/// One line of each of the tables that Microsoft's numbers are in.
pub async fn keep_one_of_each(writer: &mut Writer, round: i32) {
    let (run, at_ms) = (run(), START_MS + i64::from(round));
    let snapshot = snapshot(JUNE + round);
    let holds = Assignment {
        user_id: format!("user {round}"),
        sku_id: "sku".to_owned(),
        status: AssignmentStatus::Enabled,
        assigned_at_ms: None,
    };
    writer
        .keep_assignments(&run, at_ms, &[holds], None)
        .await
        .unwrap();
    let lines = [line("ann", Some(JUNE))];
    writer
        .keep_usage_report(&run, at_ms, &snapshot, &lines)
        .await
        .unwrap();
    writer
        .keep_usage_summary(&run, at_ms, &snapshot, &[count(1)])
        .await
        .unwrap();
    let days = [(JUNE + round, count(1))];
    writer
        .keep_usage_trend(&run, at_ms, JUNE + round, "v2", &days)
        .await
        .unwrap();
}

#[test]
fn columns_are_in_the_order_of_the_table() {
    assert_eq!(UsageColumn::ALL[0], UsageColumn::LastActivity);
    assert_eq!(UsageColumn::ALL[3], UsageColumn::Word);
}

#[tokio::test]
async fn a_snapshot_is_kept_once_and_outlives_the_next_one() {
    let lake = Lake::new();
    let mut writer = lake.writer().await;
    let first = [line("ann", Some(JUNE - 3)), line("bob", None)];
    let kept = writer
        .keep_usage_report(&run(), START_MS, &snapshot(JUNE), &first)
        .await
        .unwrap();
    assert_eq!(kept, 2);
    let again = writer
        .keep_usage_report(&run(), START_MS, &snapshot(JUNE), &first)
        .await
        .unwrap();
    assert_eq!(again, 0, "the same refresh date again");
    for (refreshed, names) in [(JUNE, Some(Names::Shown)), (JUNE + 1, None)] {
        let kept = writer
            .usage_report_names(&run(), &snapshot(refreshed))
            .await;
        assert_eq!(kept.unwrap(), names);
    }
    let next = [line("ann", Some(JUNE + 1))];
    writer
        .keep_usage_report(&run(), START_MS, &snapshot(JUNE + 1), &next)
        .await
        .unwrap();
    let newest = writer.last_activity(TENANT).await.unwrap().unwrap();
    assert_eq!(newest.refreshed, JUNE + 1);
    assert_eq!(newest.by_user, [("ann".to_owned(), Some(JUNE + 1))].into());
    drop(writer);
    let rows = lake
        .select("SELECT report_refresh_date, user_id, last_activity_date, word_copilot_last_activity_date AS word, excel_copilot_last_activity_date AS excel, prompts_submitted, other_columns FROM usage_reports ORDER BY 1, 2")
        .await;
    let other = "{\"Favorite Color\":\"blue\"}";
    assert_eq!(
        Value::from(rows),
        json!([
            {"report_refresh_date": "2026-06-01", "user_id": "ann", "last_activity_date": "2026-05-29", "word": "2026-05-29", "prompts_submitted": 7, "other_columns": other},
            {"report_refresh_date": "2026-06-01", "user_id": "bob", "prompts_submitted": 7, "other_columns": other},
            {"report_refresh_date": "2026-06-02", "user_id": "ann", "last_activity_date": "2026-06-02", "word": "2026-06-02", "prompts_submitted": 7, "other_columns": other},
        ])
    );
}

#[tokio::test]
async fn concealed_names_say_nothing_of_anybody() {
    let lake = Lake::new();
    let mut writer = lake.writer().await;
    let hidden = UsageLine {
        user_id: None,
        concealed: true,
        ..line("0123456789ABCDEF0123456789ABCDEF", Some(JUNE))
    };
    writer
        .keep_usage_report(
            &run(),
            START_MS,
            &snapshot(JUNE),
            std::slice::from_ref(&hidden),
        )
        .await
        .unwrap();
    assert_eq!(writer.last_activity(TENANT).await.unwrap(), None);
    // Nor does an older report with names, once names are concealed: it tells of another time.
    let lake = Lake::new();
    let mut writer = lake.writer().await;
    for (refreshed, line) in [(JUNE - 1, line("ann", Some(JUNE - 1))), (JUNE, hidden)] {
        writer
            .keep_usage_report(&run(), START_MS, &snapshot(refreshed), &[line])
            .await
            .unwrap();
    }
    assert_eq!(writer.last_activity(TENANT).await.unwrap(), None);
}

#[tokio::test]
async fn a_trend_keeps_each_day_once_and_each_correction_of_it() {
    let lake = Lake::new();
    let mut writer = lake.writer().await;
    let keep = async |writer: &mut Writer, refreshed, days: &[(DayNumber, UsageCount)]| {
        writer
            .keep_usage_trend(&run(), START_MS, refreshed, "v2", days)
            .await
            .unwrap()
    };
    let (first, second) = ((JUNE, count(3)), (JUNE + 1, count(4)));
    assert_eq!(
        keep(&mut writer, JUNE + 1, &[first.clone(), second.clone()]).await,
        2
    );
    assert_eq!(
        keep(&mut writer, JUNE + 1, &[first.clone(), second]).await,
        0
    );
    let corrected = (JUNE + 1, count(5));
    let third = (JUNE + 2, count(6));
    assert_eq!(
        keep(&mut writer, JUNE + 2, &[first, corrected, third]).await,
        2
    );
    drop(writer);
    let rows = lake
        .select(
            "SELECT report_refresh_date, report_date, active_users FROM usage_trend ORDER BY 1, 2",
        )
        .await;
    assert_eq!(
        Value::from(rows),
        json!([
            {"report_refresh_date": "2026-06-02", "report_date": "2026-06-01", "active_users": 3},
            {"report_refresh_date": "2026-06-02", "report_date": "2026-06-02", "active_users": 4},
            {"report_refresh_date": "2026-06-03", "report_date": "2026-06-02", "active_users": 5},
            {"report_refresh_date": "2026-06-03", "report_date": "2026-06-03", "active_users": 6},
        ])
    );
}
