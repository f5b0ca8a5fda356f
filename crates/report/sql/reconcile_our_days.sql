-- The same here: users and what people asked for, by UTC day.
SELECT
    date_trunc('day', started_at) AS day_at,
    count(DISTINCT user_id) AS users_any,
    count(DISTINCT CASE WHEN verdict IN ('typed', 'clicked') THEN user_id END) AS users_asked,
    sum(CASE WHEN verdict IN ('typed', 'clicked') THEN 1 ELSE 0 END) AS asked
FROM exchanges
WHERE {people} AND started_at >= {from} AND started_at < {to}
GROUP BY date_trunc('day', started_at)
