-- What has been read whole, for all apps, as few intervals as possible a user: intervals that touch
-- or overlap are one island. So the result grows with the users, not with the syncs.
SELECT user_id, min(from_ms) AS from_ms, max(to_ms) AS to_ms
FROM (
    SELECT
        user_id,
        from_ms,
        to_ms,
        sum(CASE WHEN reached_ms IS NULL OR from_ms > reached_ms THEN 1 ELSE 0 END) OVER (
            PARTITION BY user_id ORDER BY from_ms, to_ms
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS island
    FROM (
        SELECT
            user_id,
            from_ms,
            to_ms,
            max(to_ms) OVER (
                PARTITION BY user_id ORDER BY from_ms, to_ms
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS reached_ms
        FROM coverage
        WHERE {people} AND whole AND apps IS NULL
    ) AS reached
) AS islands
GROUP BY user_id, island
ORDER BY user_id
