-- What Microsoft counts without names, by day.
SELECT
    report_date,
    max(enabled_users) AS enabled_users,
    max(active_users) AS active_users,
    max(prompts_submitted) AS prompts_submitted
FROM usage_trend
WHERE {people} AND {report} AND app = 'Any App'
GROUP BY report_date
