-- Exchanges by user, class and day, of the days that are compared one by one. Days are UTC days,
-- beside those of the tenant's time zone.
-- A ready-made prompt in Word that got no answer is undecided: whether somebody pressed it, or a
-- document that opened sent it, nothing tells.
SELECT
    user_id,
    app_class,
    date_trunc('day', started_at) AS day_at,
    day AS local_day,
    sum(CASE WHEN verdict = 'typed' THEN 1 ELSE 0 END) AS typed,
    sum(CASE WHEN verdict = 'clicked' AND (responses > 0 OR app <> 'Word') THEN 1 ELSE 0 END) AS clicked,
    sum(CASE WHEN verdict = 'automatic' THEN 1 ELSE 0 END) AS automatic,
    sum(CASE WHEN verdict IN ('system', 'noise') THEN 1 ELSE 0 END) AS system_or_noise,
    sum(CASE WHEN verdict IN ('typed', 'automatic', 'system', 'noise') OR verdict = 'clicked' AND (responses > 0 OR app <> 'Word') THEN 0 ELSE 1 END) AS unknown
FROM exchanges
WHERE {people} AND started_at >= {from}
GROUP BY user_id, app_class, date_trunc('day', started_at), day
ORDER BY user_id
