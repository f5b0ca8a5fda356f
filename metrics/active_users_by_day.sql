-- name: active_users_by_day
-- question: How many people were active on each day, counted in three ways?
-- unit: users
-- grain: slice, day
-- columns: users_any, users_asked, users_typed
-- caveats: users_any: any interaction, as Microsoft counts. users_asked: at least one exchange that was typed or clicked. users_typed: at least typed_minimum typed exchanges in the day. Days are those of the tenant's time zone; days without anybody have no row.
SELECT
    slice,
    day,
    count(*) AS users_any,
    count(CASE WHEN asked > 0 THEN 1 END) AS users_asked,
    count(CASE WHEN typed >= typed_minimum THEN 1 END) AS users_typed
FROM (
    SELECT
        slice,
        day,
        user_key,
        sum(CASE WHEN verdict IN ('typed', 'clicked') THEN 1 ELSE 0 END) AS asked,
        sum(CASE WHEN verdict = 'typed' THEN 1 ELSE 0 END) AS typed
    FROM exchanges_in_scope
    GROUP BY slice, day, user_key
) AS active
CROSS JOIN parameters
GROUP BY slice, day
