-- Interactions by UTC day.
-- Counted by user first: to keep every user of each day apart takes more memory.
SELECT
    day_at,
    sum(total) AS total,
    sum(prompts) AS prompts,
    sum(responses) AS responses,
    sum(other) AS other,
    sum(marked_automatic) AS marked_automatic,
    sum(prompts_marked_automatic) AS prompts_marked_automatic,
    count(*) AS users
FROM (
    SELECT
        date_trunc('day', created_at) AS day_at,
        count(*) AS total,
        sum(CASE WHEN kind = 'prompt' THEN 1 ELSE 0 END) AS prompts,
        sum(CASE WHEN kind = 'response' THEN 1 ELSE 0 END) AS responses,
        sum(CASE WHEN kind IN ('prompt', 'response') THEN 0 ELSE 1 END) AS other,
        sum(CASE WHEN {automatic} THEN 1 ELSE 0 END) AS marked_automatic,
        sum(CASE WHEN kind = 'prompt' AND {automatic} THEN 1 ELSE 0 END) AS prompts_marked_automatic
    FROM interactions
    WHERE {scope}
    GROUP BY date_trunc('day', created_at), user_id
) AS user_days
GROUP BY day_at
ORDER BY day_at
