-- Failed readings, the newest first; those of one code together.
SELECT
    user_id,
    coalesce(error_code, 'failed') AS error_code,
    min(from_ms) AS from_ms,
    max(to_ms) AS to_ms
FROM coverage
WHERE {people} AND NOT whole
GROUP BY user_id, coalesce(error_code, 'failed')
ORDER BY user_id, max(recorded_at) DESC
