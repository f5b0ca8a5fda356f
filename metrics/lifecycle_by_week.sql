-- name: lifecycle_by_week
-- question: How many people are new in each week, come back, have lapsed, or are resurrected?
-- unit: users
-- grain: slice, week
-- columns: active_users, new_users, returning_users, resurrected_users, lapsed_users
-- slices: app, user, department
-- days: 84
-- caveats: By exchanges that were typed or clicked. new_users: the first such week in the lake. returning_users: the week before too. resurrected_users: earlier, but not the week before. lapsed_users: the week before, not this one. In the first weeks of the lake everybody is new. Whole weeks of the window only.
WITH user_weeks AS (
    SELECT slice, user_key, week_number
    FROM exchanges_to_date
    WHERE verdict IN ('typed', 'clicked')
    GROUP BY slice, user_key, week_number
),
steps AS (
    SELECT
        slice,
        week_number,
        week_number - lag(week_number) OVER (PARTITION BY slice, user_key ORDER BY week_number) AS since,
        lead(week_number) OVER (PARTITION BY slice, user_key ORDER BY week_number) - week_number AS until
    FROM user_weeks
),
counted AS (
    SELECT
        slice,
        week_number,
        count(*) AS active_users,
        sum(CASE WHEN since IS NULL THEN 1 ELSE 0 END) AS new_users,
        sum(CASE WHEN since = 1 THEN 1 ELSE 0 END) AS returning_users,
        sum(CASE WHEN since > 1 THEN 1 ELSE 0 END) AS resurrected_users,
        sum(CASE WHEN until IS NULL OR until > 1 THEN 1 ELSE 0 END) AS lapsing_users
    FROM steps
    GROUP BY slice, week_number
)
SELECT
    slice,
    weeks.week,
    sum(CASE WHEN ahead = 0 THEN active_users ELSE 0 END) AS active_users,
    sum(CASE WHEN ahead = 0 THEN new_users ELSE 0 END) AS new_users,
    sum(CASE WHEN ahead = 0 THEN returning_users ELSE 0 END) AS returning_users,
    sum(CASE WHEN ahead = 0 THEN resurrected_users ELSE 0 END) AS resurrected_users,
    sum(CASE WHEN ahead = 1 THEN lapsing_users ELSE 0 END) AS lapsed_users
FROM counted
CROSS JOIN (VALUES (0), (1)) AS shifts(ahead)
JOIN weeks ON weeks.week_number = counted.week_number + shifts.ahead AND weeks.in_window = 1
GROUP BY slice, weeks.week
