-- name: retention
-- question: Of the people who first used Copilot by their own will in a week, how many did so again so many weeks later?
-- unit: users
-- grain: slice, cohort_week, weeks_later
-- columns: cohort_users, users, share
-- slices: app, user, department
-- days: 182
-- caveats: By exchanges that were typed or clicked. The first week in the lake makes the cohort, so the cohort of the lake's first week holds everybody who had begun before. Whole weeks only; where nobody came again there is no row.
WITH user_weeks AS (
    SELECT slice, user_key, week_number
    FROM exchanges_to_date
    WHERE verdict IN ('typed', 'clicked')
    GROUP BY slice, user_key, week_number
),
cohorts AS (
    SELECT
        slice,
        week_number,
        min(week_number) OVER (PARTITION BY slice, user_key) AS cohort_number
    FROM user_weeks
),
counted AS (
    SELECT slice, cohort_number, week_number - cohort_number AS weeks_later, count(*) AS users
    FROM cohorts
    CROSS JOIN (SELECT last_whole_week_number FROM parameters) AS p
    WHERE week_number <= last_whole_week_number
    GROUP BY slice, cohort_number, week_number - cohort_number
),
sized AS (
    SELECT
        slice,
        cohort_number,
        weeks_later,
        users,
        max(CASE WHEN weeks_later = 0 THEN users END) OVER (PARTITION BY slice, cohort_number) AS cohort_users
    FROM counted
)
SELECT
    slice,
    weeks.week AS cohort_week,
    weeks_later,
    cohort_users,
    users,
    CAST(users AS DOUBLE) / cohort_users AS share
FROM sized
JOIN weeks ON weeks.week_number = sized.cohort_number AND weeks.in_window = 1
