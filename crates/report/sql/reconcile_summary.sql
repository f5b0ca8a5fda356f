-- What Microsoft counts without names.
SELECT
    app,
    max(enabled_users) AS enabled_users,
    max(active_users) AS active_users,
    max(prompts_submitted) AS prompts_submitted
FROM usage_summary
WHERE {people} AND {report}
GROUP BY app
