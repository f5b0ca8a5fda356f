-- name: lifecycle_by_week
-- question: How many people are new in each week, come back, have lapsed, or are resurrected?
-- unit: users
-- grain: slice, week
-- columns: active, new, returning, resurrected, lapsed
-- slices: app, user, department
-- days: 84
-- caveats: By exchanges that were typed or clicked. new: the first such week in the lake. returning: the week before too. resurrected: earlier, but not the week before. lapsed: the week before, not this one. In the first weeks of the lake everybody is new. Whole weeks of the window only.
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
        count(*) AS active,
        count(CASE WHEN since IS NULL THEN 1 END) AS new,
        count(CASE WHEN since = 1 THEN 1 END) AS returning,
        count(CASE WHEN since > 1 THEN 1 END) AS resurrected,
        count(CASE WHEN until IS NULL OR until > 1 THEN 1 END) AS lapsing
    FROM steps
    GROUP BY slice, week_number
)
SELECT
    slice,
    weeks.week,
    sum(CASE WHEN ahead = 0 THEN active ELSE 0 END) AS active,
    sum(CASE WHEN ahead = 0 THEN new ELSE 0 END) AS new,
    sum(CASE WHEN ahead = 0 THEN returning ELSE 0 END) AS returning,
    sum(CASE WHEN ahead = 0 THEN resurrected ELSE 0 END) AS resurrected,
    sum(CASE WHEN ahead = 1 THEN lapsing ELSE 0 END) AS lapsed
FROM counted
CROSS JOIN (VALUES (0), (1)) AS shifts(ahead)
JOIN weeks ON weeks.week_number = counted.week_number + shifts.ahead AND weeks.in_window = 1
GROUP BY slice, weeks.week
