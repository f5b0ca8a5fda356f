-- The last older day of each verdict, by user and class.
-- A ready-made prompt in Word that got no answer is undecided: whether somebody pressed it, or a
-- document that opened sent it, nothing tells.
SELECT
    user_id,
    app_class,
    max(CASE WHEN verdict = 'typed' THEN started_at END) AS typed_at,
    max(CASE WHEN verdict = 'typed' THEN day END) AS typed_day,
    max(CASE WHEN verdict = 'clicked' AND (responses > 0 OR app <> 'Word') THEN started_at END) AS clicked_at,
    max(CASE WHEN verdict = 'clicked' AND (responses > 0 OR app <> 'Word') THEN day END) AS clicked_day,
    max(CASE WHEN verdict = 'automatic' THEN started_at END) AS automatic_at,
    max(CASE WHEN verdict = 'automatic' THEN day END) AS automatic_day,
    max(CASE WHEN verdict IN ('system', 'noise') THEN started_at END) AS system_or_noise_at,
    max(CASE WHEN verdict IN ('system', 'noise') THEN day END) AS system_or_noise_day,
    max(CASE WHEN verdict NOT IN ('typed', 'clicked', 'automatic', 'system', 'noise') OR verdict = 'clicked' AND responses = 0 AND app = 'Word' THEN started_at END) AS unknown_at,
    max(CASE WHEN verdict NOT IN ('typed', 'clicked', 'automatic', 'system', 'noise') OR verdict = 'clicked' AND responses = 0 AND app = 'Word' THEN day END) AS unknown_day
FROM exchanges
WHERE {people} AND started_at < {from}
GROUP BY user_id, app_class
ORDER BY user_id
