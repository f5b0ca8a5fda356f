-- name: week_streaks
-- question: How many weeks in a row did people use Copilot by their own will, at their longest?
-- unit: users
-- grain: slice, weeks
-- columns: users
-- slices: app, user, department
-- days: 182
-- caveats: A week counts with one exchange that was typed or clicked. Runs are cut at the window's ends.
WITH user_weeks AS (
    SELECT slice, user_key, week_number
    FROM exchanges_in_scope
    WHERE verdict IN ('typed', 'clicked')
    GROUP BY slice, user_key, week_number
),
runs AS (
    SELECT slice, user_key, run, count(*) AS weeks
    FROM (
        SELECT
            slice,
            user_key,
            week_number - row_number() OVER (PARTITION BY slice, user_key ORDER BY week_number) AS run
        FROM user_weeks
    ) AS numbered
    GROUP BY slice, user_key, run
)
SELECT slice, weeks, count(*) AS users
FROM (
    SELECT slice, user_key, max(weeks) AS weeks
    FROM runs
    GROUP BY slice, user_key
) AS longest
GROUP BY slice, weeks
