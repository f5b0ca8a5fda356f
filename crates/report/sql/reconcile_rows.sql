-- The rows of one usage report.
SELECT
    user_id,
    user_principal_name,
    concealed,
    last_activity_date,
    copilot_chat_last_activity_date,
    microsoft_teams_copilot_last_activity_date,
    word_copilot_last_activity_date,
    excel_copilot_last_activity_date,
    powerpoint_copilot_last_activity_date,
    outlook_copilot_last_activity_date,
    onenote_copilot_last_activity_date,
    loop_copilot_last_activity_date,
    copilot_chat_work_last_activity_date,
    copilot_chat_web_last_activity_date,
    microsoft_365_copilot_last_activity_date,
    edge_last_activity_date,
    copilot_agent_last_activity_date,
    prompts_submitted,
    prompts_submitted_copilot_chat_work,
    prompts_submitted_copilot_chat_web,
    active_usage_days,
    other_columns
FROM usage_reports
WHERE {report} AND {who}
ORDER BY user_id, user_principal_name
