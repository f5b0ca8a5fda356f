-- Interactions by user. Days are UTC days.
SELECT
    user_id,
    count(*) AS total,
    sum(CASE WHEN kind = 'prompt' THEN 1 ELSE 0 END) AS prompts,
    sum(CASE WHEN kind = 'response' THEN 1 ELSE 0 END) AS responses,
    sum(CASE WHEN kind IN ('prompt', 'response') THEN 0 ELSE 1 END) AS other,
    sum(CASE WHEN {automatic} THEN 1 ELSE 0 END) AS marked_automatic,
    sum(CASE WHEN kind = 'prompt' AND {automatic} THEN 1 ELSE 0 END) AS prompts_marked_automatic,
    min(created_at) AS first_at,
    max(created_at) AS last_at,
    count(DISTINCT date_trunc('day', created_at)) AS days_active,
    count(DISTINCT CASE WHEN kind = 'prompt' AND NOT ({automatic})
                        THEN date_trunc('day', created_at) END) AS days_prompting
FROM interactions
WHERE {scope}
GROUP BY user_id
ORDER BY total DESC, user_id
