-- The same of older days, as far as the report names them.
-- A ready-made prompt in Word that got no answer is undecided: whether somebody pressed it, or a
-- document that opened sent it, nothing tells.
SELECT
    e.user_id AS user_id,
    e.app_class AS app_class,
    date_trunc('day', e.started_at) AS day_at,
    e.day AS local_day,
    sum(CASE WHEN e.verdict = 'typed' THEN 1 ELSE 0 END) AS typed,
    sum(CASE WHEN e.verdict = 'clicked' AND (e.responses > 0 OR e.app <> 'Word') THEN 1 ELSE 0 END) AS clicked,
    sum(CASE WHEN e.verdict = 'automatic' THEN 1 ELSE 0 END) AS automatic,
    sum(CASE WHEN e.verdict IN ('system', 'noise') THEN 1 ELSE 0 END) AS system_or_noise,
    sum(CASE WHEN e.verdict IN ('typed', 'automatic', 'system', 'noise') OR e.verdict = 'clicked' AND (e.responses > 0 OR e.app <> 'Word') THEN 0 ELSE 1 END) AS unknown
FROM exchanges AS e
INNER JOIN (SELECT DISTINCT user_id, last_day FROM ({named}) AS dates) AS d
    ON e.user_id = d.user_id AND (CAST(e.started_at AS DATE) = d.last_day OR e.day = d.last_day)
WHERE e.started_at < {from}
GROUP BY e.user_id, e.app_class, date_trunc('day', e.started_at), e.day
ORDER BY e.user_id
