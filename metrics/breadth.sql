-- name: breadth
-- question: In how many apps do people use Copilot by their own will?
-- unit: users
-- grain: slice, apps
-- columns: users
-- slices: user, department, day, week, month
-- caveats: By exchanges that were typed or clicked. Work, web and temporary chat are apps of their own, as Graph names them.
WITH user_apps AS (
    SELECT slice, user_key, app
    FROM exchanges_in_scope
    WHERE verdict IN ('typed', 'clicked')
    GROUP BY slice, user_key, app
)
SELECT slice, apps, count(*) AS users
FROM (
    SELECT slice, user_key, count(*) AS apps
    FROM user_apps
    GROUP BY slice, user_key
) AS users
GROUP BY slice, apps
