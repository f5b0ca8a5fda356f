-- The newest failure of each user, to say why something is missing.
SELECT user_id, from_ms, to_ms, error_code, error
FROM (
    SELECT
        user_id,
        from_ms,
        to_ms,
        error_code,
        error,
        row_number() OVER (PARTITION BY user_id ORDER BY recorded_at DESC, to_ms DESC, run_id DESC) AS place
    FROM coverage
    WHERE {people} AND NOT whole
) AS failures
WHERE place = 1
ORDER BY user_id
