-- The same here: users and what people asked for, by UTC day.
-- Counted by user first: to keep every user of each day apart takes twice the memory.
SELECT
    day_at,
    count(*) AS users_any,
    sum(CASE WHEN asked > 0 THEN 1 ELSE 0 END) AS users_asked,
    sum(asked) AS asked
FROM (
    SELECT
        date_trunc('day', started_at) AS day_at,
        sum(CASE WHEN verdict IN ('typed', 'clicked') THEN 1 ELSE 0 END) AS asked
    FROM exchanges
    WHERE {people} AND started_at >= {from} AND started_at < {to}
    GROUP BY date_trunc('day', started_at), user_id
) AS user_days
GROUP BY day_at
