-- The signs by which interactions count as automatic.
SELECT
    mark,
    count(*) AS total,
    sum(CASE WHEN kind = 'prompt' THEN 1 ELSE 0 END) AS prompts,
    sum(CASE WHEN kind = 'response' THEN 1 ELSE 0 END) AS responses
FROM interactions
WHERE {scope} AND mark IS NOT NULL
GROUP BY mark
ORDER BY total DESC, mark
