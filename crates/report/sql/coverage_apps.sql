-- What has been read whole for some apps only. Asked for when the report is about some apps.
SELECT user_id, from_ms, to_ms, apps
FROM coverage
WHERE {people} AND whole AND apps IS NOT NULL
ORDER BY user_id, from_ms
