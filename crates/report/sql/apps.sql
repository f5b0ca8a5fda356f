-- Interactions by app. What stands in braces is put in by the report; never inside a comment, which a line end in a
-- text would leave.
SELECT
    app,
    app_class,
    count(*) AS total,
    sum(CASE WHEN kind = 'prompt' THEN 1 ELSE 0 END) AS prompts,
    sum(CASE WHEN kind = 'response' THEN 1 ELSE 0 END) AS responses,
    sum(CASE WHEN kind IN ('prompt', 'response') THEN 0 ELSE 1 END) AS other,
    sum(CASE WHEN {automatic} THEN 1 ELSE 0 END) AS marked_automatic,
    sum(CASE WHEN kind = 'prompt' AND {automatic} THEN 1 ELSE 0 END) AS prompts_marked_automatic,
    min(created_at) AS first_at,
    max(created_at) AS last_at
FROM interactions
WHERE {scope}
GROUP BY app, app_class
ORDER BY total DESC, app_class, app
