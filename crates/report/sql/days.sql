-- Interactions by UTC day.
SELECT
    date_trunc('day', created_at) AS day_at,
    count(*) AS total,
    sum(CASE WHEN kind = 'prompt' THEN 1 ELSE 0 END) AS prompts,
    sum(CASE WHEN kind = 'response' THEN 1 ELSE 0 END) AS responses,
    sum(CASE WHEN kind IN ('prompt', 'response') THEN 0 ELSE 1 END) AS other,
    sum(CASE WHEN {automatic} THEN 1 ELSE 0 END) AS marked_automatic,
    sum(CASE WHEN kind = 'prompt' AND {automatic} THEN 1 ELSE 0 END) AS prompts_marked_automatic,
    count(DISTINCT user_id) AS users
FROM interactions
WHERE {scope}
GROUP BY date_trunc('day', created_at)
ORDER BY day_at
