-- A thread is a session of a user; rows without a session are a thread for each user and day.
SELECT count(*)
FROM (
    SELECT 1
    FROM (
        SELECT tenant_id, user_id, nullif(session_id, '') AS session_id,
               CASE WHEN nullif(session_id, '') IS NULL THEN date_trunc('day', created_at) END AS day, 1 AS kept
        FROM interactions
        UNION ALL
        SELECT tenant_id, user_id, nullif(session_id, '') AS session_id,
               CASE WHEN nullif(session_id, '') IS NULL THEN date_trunc('day', started_at) END AS day, 0 AS kept
        FROM exchanges
    )
    GROUP BY tenant_id, user_id, session_id, day
    HAVING max(kept) = 0
)
