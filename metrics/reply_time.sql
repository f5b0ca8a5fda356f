-- name: reply_time
-- question: How long do people wait for the first response, app by app?
-- unit: seconds
-- grain: slice, app
-- columns: exchanges, median_seconds, p95_seconds, longest_seconds
-- caveats: From the prompt's time to the first response's, as Graph stamps them, in exchanges that were typed or clicked and have both. Times are cut to tenths of a second; of these, the smallest that at least half (95 %) do not exceed.
WITH counted AS (
    SELECT slice, app, reply_ms - reply_ms % 100 AS reply_ms, count(*) AS exchanges
    FROM exchanges_in_scope
    WHERE verdict IN ('typed', 'clicked') AND reply_ms IS NOT NULL
    GROUP BY slice, app, reply_ms - reply_ms % 100
),
ranked AS (
    SELECT
        slice,
        app,
        reply_ms,
        sum(exchanges) OVER (PARTITION BY slice, app ORDER BY reply_ms ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS up_to,
        sum(exchanges) OVER (PARTITION BY slice, app) AS total
    FROM counted
)
SELECT
    slice,
    app,
    max(total) AS exchanges,
    CAST(min(CASE WHEN up_to * 2 >= total THEN reply_ms END) AS DOUBLE) / 1000 AS median_seconds,
    CAST(min(CASE WHEN up_to * 100 >= total * 95 THEN reply_ms END) AS DOUBLE) / 1000 AS p95_seconds,
    CAST(max(reply_ms) AS DOUBLE) / 1000 AS longest_seconds
FROM ranked
GROUP BY slice, app
