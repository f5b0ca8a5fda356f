-- What each user did, and when last.
SELECT
    user_id,
    max(CASE WHEN verdict = 'typed' THEN started_at END) AS typed_at,
    max(CASE WHEN verdict = 'clicked' THEN started_at END) AS clicked_at,
    max(CASE WHEN verdict = 'automatic' THEN started_at END) AS automatic_at,
    max(CASE WHEN verdict NOT IN ('typed', 'clicked', 'automatic', 'system', 'noise') THEN started_at END) AS unknown_at,
    max(started_at) AS any_at,
    sum(CASE WHEN verdict = 'typed' THEN 1 ELSE 0 END) AS typed,
    sum(CASE WHEN verdict = 'typed' AND started_at >= {since_28} THEN 1 ELSE 0 END) AS typed_28,
    sum(CASE WHEN verdict = 'typed' AND started_at >= {since_56} AND started_at < {since_28} THEN 1 ELSE 0 END) AS typed_28_before,
    sum(parts) AS interactions
FROM exchanges
WHERE {people} AND started_at < {now}
GROUP BY user_id
ORDER BY user_id
