-- name: active_users_by_28_days
-- question: How many people were active in each period of 28 days, counted in three ways?
-- unit: users
-- grain: slice, last_day
-- columns: first_day, users_any, users_asked, users_typed
-- days: 84
-- caveats: Ways as in active_users_by_day, with typed_minimum exchanges in the period. Periods are counted back from the window's last day; one that begins before the window is left out.
SELECT
    slice,
    periods.last_day,
    periods.first_day,
    count(*) AS users_any,
    count(CASE WHEN asked > 0 THEN 1 END) AS users_asked,
    count(CASE WHEN typed >= typed_minimum THEN 1 END) AS users_typed
FROM (
    SELECT
        slice,
        period,
        user_key,
        sum(CASE WHEN verdict IN ('typed', 'clicked') THEN 1 ELSE 0 END) AS asked,
        sum(CASE WHEN verdict = 'typed' THEN 1 ELSE 0 END) AS typed
    FROM exchanges_in_scope
    GROUP BY slice, period, user_key
) AS active
CROSS JOIN parameters
JOIN periods ON periods.period = active.period AND periods.in_window = 1
GROUP BY slice, periods.last_day, periods.first_day
