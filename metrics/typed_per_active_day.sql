-- name: typed_per_active_day
-- question: On a day on which a person used Copilot by their own will, how many prompts did they type?
-- unit: typed exchanges
-- grain: slice
-- columns: user_days, typed, mean, lower_quartile, median, upper_quartile, most
-- caveats: Days on which a person only clicked count with 0 typed exchanges; days on which they asked for nothing do not count. Quartiles are exact: the smallest value that at least a quarter (half, three quarters) do not exceed.
WITH user_days AS (
    SELECT
        slice,
        user_key,
        day_number,
        sum(CASE WHEN verdict = 'typed' THEN 1 ELSE 0 END) AS typed
    FROM exchanges_in_scope
    WHERE verdict IN ('typed', 'clicked')
    GROUP BY slice, user_key, day_number
),
counted AS (
    SELECT slice, typed, count(*) AS user_days
    FROM user_days
    GROUP BY slice, typed
),
ranked AS (
    SELECT
        slice,
        typed,
        user_days,
        sum(user_days) OVER (PARTITION BY slice ORDER BY typed ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS up_to,
        sum(user_days) OVER (PARTITION BY slice) AS total
    FROM counted
)
SELECT
    slice,
    coalesce(sum(user_days), 0) AS user_days,
    coalesce(sum(typed * user_days), 0) AS typed,
    CAST(sum(typed * user_days) AS DOUBLE) / sum(user_days) AS mean,
    min(CASE WHEN up_to * 4 >= total THEN typed END) AS lower_quartile,
    min(CASE WHEN up_to * 2 >= total THEN typed END) AS median,
    min(CASE WHEN up_to * 4 >= total * 3 THEN typed END) AS upper_quartile,
    max(typed) AS most
FROM ranked
GROUP BY slice
