-- What Microsoft counts without names, by day.
-- A day is kept again only where a later report says something else of it: of each day the newest word.
SELECT
    report_date,
    enabled_users,
    active_users,
    prompts_submitted
FROM (
    SELECT
        report_date,
        enabled_users,
        active_users,
        prompts_submitted,
        row_number() OVER (PARTITION BY report_date ORDER BY report_refresh_date DESC, fetched_at DESC) AS place
    FROM usage_trend
    WHERE {people} AND {report} AND app = 'Any App'
) AS said
WHERE place = 1
