-- name: streaks_by_user
-- question: What is each person's longest run of working days with Copilot, and the run that still goes on?
-- unit: working days
-- grain: slice, user_key
-- columns: user_name, department, longest_days, current_days
-- slices: app, department
-- caveats: As streaks. A run still goes on if it reaches the window's last working day or the one before.
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
SELECT
    slice,
    longest.user_key,
    people.user_name,
    people.department,
    longest_days,
    current_days
FROM (
    SELECT
        slice,
        user_key,
        max(days) AS longest_days,
        max(CASE WHEN last_working_day >= last_working_day_of_window - 1 THEN days ELSE 0 END) AS current_days
    FROM runs
    CROSS JOIN (SELECT last_working_day AS last_working_day_of_window FROM parameters) AS p
    GROUP BY slice, user_key
) AS longest
LEFT JOIN people ON people.user_key = longest.user_key
