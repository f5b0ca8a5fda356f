-- Users with interactions that no exchange is derived from yet.
SELECT
    user_id,
    count(*) AS interactions
FROM interactions
WHERE {people} AND sequence > {after}
GROUP BY user_id
ORDER BY user_id
