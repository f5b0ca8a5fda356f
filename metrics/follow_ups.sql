-- name: follow_ups
-- question: How often do people follow up in a conversation?
-- unit: follow-up turns for each conversation
-- grain: slice
-- columns: conversations, without_follow_up, share_without, follow_ups, mean, lower_quartile, median, upper_quartile, p95, most
-- caveats: Typed and clicked exchanges after the first of the conversation; conversations without any such exchange do not count. Exchanges without a session are conversations of one turn. Quartiles are exact: the smallest value that at least a quarter (half, three quarters) do not exceed.
WITH counted AS (
    SELECT slice, typed + clicked - 1 AS follow_ups, count(*) AS conversations
    FROM conversations_in_scope
    WHERE typed + clicked > 0
    GROUP BY slice, typed + clicked - 1
),
ranked AS (
    SELECT
        slice,
        follow_ups,
        conversations,
        sum(conversations) OVER (PARTITION BY slice ORDER BY follow_ups ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS up_to,
        sum(conversations) OVER (PARTITION BY slice) AS total
    FROM counted
)
SELECT
    slice,
    coalesce(sum(conversations), 0) AS conversations,
    coalesce(sum(CASE WHEN follow_ups = 0 THEN conversations ELSE 0 END), 0) AS without_follow_up,
    CAST(sum(CASE WHEN follow_ups = 0 THEN conversations ELSE 0 END) AS DOUBLE) / sum(conversations) AS share_without,
    coalesce(sum(follow_ups * conversations), 0) AS follow_ups,
    CAST(sum(follow_ups * conversations) AS DOUBLE) / sum(conversations) AS mean,
    min(CASE WHEN up_to * 4 >= total THEN follow_ups END) AS lower_quartile,
    min(CASE WHEN up_to * 2 >= total THEN follow_ups END) AS median,
    min(CASE WHEN up_to * 4 >= total * 3 THEN follow_ups END) AS upper_quartile,
    min(CASE WHEN up_to * 100 >= total * 95 THEN follow_ups END) AS p95,
    max(follow_ups) AS most
FROM ranked
GROUP BY slice
