-- name: lifecycle_by_28_days
-- question: How many people are new in each period of 28 days, come back, have lapsed, or are resurrected?
-- unit: users
-- grain: slice, last_day
-- columns: first_day, active_users, new_users, returning_users, resurrected_users, lapsed_users
-- slices: app, user, department
-- days: 168
-- caveats: As lifecycle_by_week. Periods are counted back from the window's last day; one that begins before the window is left out.
WITH user_periods AS (
    SELECT slice, user_key, period
    FROM exchanges_to_date
    WHERE verdict IN ('typed', 'clicked')
    GROUP BY slice, user_key, period
),
steps AS (
    SELECT
        slice,
        period,
        lag(period) OVER (PARTITION BY slice, user_key ORDER BY period DESC) - period AS since,
        period - lead(period) OVER (PARTITION BY slice, user_key ORDER BY period DESC) AS until
    FROM user_periods
),
counted AS (
    SELECT
        slice,
        period,
        count(*) AS active_users,
        sum(CASE WHEN since IS NULL THEN 1 ELSE 0 END) AS new_users,
        sum(CASE WHEN since = 1 THEN 1 ELSE 0 END) AS returning_users,
        sum(CASE WHEN since > 1 THEN 1 ELSE 0 END) AS resurrected_users,
        sum(CASE WHEN until IS NULL OR until > 1 THEN 1 ELSE 0 END) AS lapsing_users
    FROM steps
    GROUP BY slice, period
)
SELECT
    slice,
    periods.last_day,
    periods.first_day,
    sum(CASE WHEN ahead = 0 THEN active_users ELSE 0 END) AS active_users,
    sum(CASE WHEN ahead = 0 THEN new_users ELSE 0 END) AS new_users,
    sum(CASE WHEN ahead = 0 THEN returning_users ELSE 0 END) AS returning_users,
    sum(CASE WHEN ahead = 0 THEN resurrected_users ELSE 0 END) AS resurrected_users,
    sum(CASE WHEN ahead = 1 THEN lapsing_users ELSE 0 END) AS lapsed_users
FROM counted
CROSS JOIN (VALUES (0), (1)) AS shifts(ahead)
JOIN periods ON periods.period = counted.period - shifts.ahead AND periods.in_window = 1
GROUP BY slice, periods.last_day, periods.first_day
