-- Gaps and islands: lines of one user whose windows touch become one line.
-- A failed line stays while no later whole line covers its window.
WITH ordered AS (
    SELECT *,
           max(to_ms) OVER (
               PARTITION BY tenant_id, user_id, apps, whole
               ORDER BY from_ms, to_ms
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
           ) AS reached_ms
    FROM coverage
    WHERE whole
),
islands AS (
    SELECT *,
           sum(CASE WHEN reached_ms IS NULL OR from_ms > reached_ms THEN 1 ELSE 0 END) OVER (
               PARTITION BY tenant_id, user_id, apps
               ORDER BY from_ms, to_ms
               ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
           ) AS island
    FROM ordered
),
whole_lines AS (
    SELECT tenant_id, user_id, min(from_ms) AS from_ms, max(to_ms) AS to_ms, apps, TRUE AS whole,
           sum("rows") AS "rows", sum(pages) AS pages,
           CAST(NULL AS VARCHAR) AS error_code, CAST(NULL AS VARCHAR) AS error,
           max(run_id) AS run_id, max(recorded_at) AS recorded_at
    FROM islands
    GROUP BY tenant_id, user_id, apps, island
),
failed_lines AS (
    SELECT failed.tenant_id, failed.user_id, failed.from_ms, failed.to_ms, failed.apps, failed.whole,
           failed."rows", failed.pages, failed.error_code, failed.error, failed.run_id, failed.recorded_at
    FROM coverage AS failed
    LEFT ANTI JOIN whole_lines AS covering
        ON covering.tenant_id = failed.tenant_id
       AND covering.user_id = failed.user_id
       AND covering.apps IS NULL
       AND covering.from_ms <= failed.from_ms
       AND covering.to_ms >= failed.to_ms
    WHERE NOT failed.whole
)
SELECT * FROM whole_lines
UNION ALL
SELECT * FROM failed_lines
