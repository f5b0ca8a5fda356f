-- name: days_used_distribution
-- question: How many people used Copilot by their own will on how many working days?
-- unit: users
-- grain: slice, days_used
-- columns: users
-- slices: app, user, department
-- caveats: As days_used. Numbers of days that nobody has are left out.
WITH user_days AS (
    SELECT slice, user_key, day_number
    FROM exchanges_in_scope
    WHERE verdict IN ('typed', 'clicked') AND weekday <= 5
    GROUP BY slice, user_key, day_number
),
users AS (
    SELECT slice, user_key, count(*) AS days_used
    FROM user_days
    GROUP BY slice, user_key
),
counted AS (
    SELECT slice, days_used, count(*) AS users
    FROM users
    GROUP BY slice, days_used
)
SELECT slice, days_used, users
FROM counted
