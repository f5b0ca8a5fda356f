-- name: streaks
-- question: How many working days in a row did people use Copilot by their own will, at their longest?
-- unit: users
-- grain: slice, days
-- columns: users
-- slices: app, user, department
-- caveats: Weekends neither break a run nor lengthen it; a holiday breaks it. Runs are cut at the window's ends.
WITH user_days AS (
    SELECT slice, user_key, week_number * 5 + weekday AS working_day
    FROM exchanges_in_scope
    WHERE verdict IN ('typed', 'clicked') AND weekday <= 5
    GROUP BY slice, user_key, week_number * 5 + weekday
),
runs AS (
    SELECT slice, user_key, run, count(*) AS days, max(working_day) AS last_working_day
    FROM (
        SELECT
            slice,
            user_key,
            working_day,
            working_day - row_number() OVER (PARTITION BY slice, user_key ORDER BY working_day) AS run
        FROM user_days
    ) AS numbered
    GROUP BY slice, user_key, run
)
SELECT slice, days, count(*) AS users
FROM (
    SELECT slice, user_key, max(days) AS days
    FROM runs
    GROUP BY slice, user_key
) AS longest
GROUP BY slice, days
