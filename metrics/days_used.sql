-- name: days_used
-- question: On how many of the working days did people use Copilot by their own will?
-- unit: working days for each user
-- grain: slice
-- columns: users, working_days, days_used, mean, share, lower_quartile, median, upper_quartile, most
-- slices: app, user, department
-- caveats: Working days are Monday to Friday of the window; holidays, leave and other working weeks are not known. Only users with at least one such day count. Quartiles are exact: the smallest value that at least a quarter (half, three quarters) do not exceed.
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
),
ranked AS (
    SELECT
        slice,
        days_used,
        users,
        sum(users) OVER (PARTITION BY slice ORDER BY days_used ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS up_to,
        sum(users) OVER (PARTITION BY slice) AS total
    FROM counted
)
SELECT
    slice,
    coalesce(sum(users), 0) AS users,
    max(parameters.working_days) AS working_days,
    coalesce(sum(days_used * users), 0) AS days_used,
    CAST(sum(days_used * users) AS DOUBLE) / sum(users) AS mean,
    CAST(sum(days_used * users) AS DOUBLE) / nullif(sum(users) * max(parameters.working_days), 0) AS share,
    min(CASE WHEN up_to * 4 >= total THEN days_used END) AS lower_quartile,
    min(CASE WHEN up_to * 2 >= total THEN days_used END) AS median,
    min(CASE WHEN up_to * 4 >= total * 3 THEN days_used END) AS upper_quartile,
    max(days_used) AS most
FROM ranked
CROSS JOIN parameters
GROUP BY slice
