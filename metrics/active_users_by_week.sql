-- name: active_users_by_week
-- question: How many people were active in each week, counted in three ways?
-- unit: users
-- grain: slice, week
-- columns: users_any, users_asked, users_typed
-- caveats: users_any: any interaction, as Microsoft counts. users_asked: at least one exchange that was typed or clicked. users_typed: at least typed_minimum typed exchanges in the week. Weeks begin on Monday; the first and the last may lie in the window in part.
SELECT
    slice,
    week,
    count(*) AS users_any,
    count(CASE WHEN asked > 0 THEN 1 END) AS users_asked,
    count(CASE WHEN typed >= typed_minimum THEN 1 END) AS users_typed
FROM (
    SELECT
        slice,
        week,
        user_key,
        sum(CASE WHEN verdict IN ('typed', 'clicked') THEN 1 ELSE 0 END) AS asked,
        sum(CASE WHEN verdict = 'typed' THEN 1 ELSE 0 END) AS typed
    FROM exchanges_in_scope
    GROUP BY slice, week, user_key
) AS active
CROSS JOIN parameters
GROUP BY slice, week
