-- name: conversations
-- question: How many conversations are there, how long are they, and in how many did a person ask for something?
-- unit: conversations, exchanges, minutes
-- grain: slice
-- columns: conversations, asked, typed, only_typed, exchanges, exchanges_each, minutes_each
-- caveats: A conversation is one session of one user; an exchange without a session is one by itself. Its app and day are those of its first exchange.
SELECT
    slice,
    count(*) AS conversations,
    count(CASE WHEN typed + clicked > 0 THEN 1 END) AS asked,
    count(CASE WHEN typed > 0 THEN 1 END) AS typed,
    count(CASE WHEN typed = turns THEN 1 END) AS only_typed,
    coalesce(sum(turns), 0) AS exchanges,
    CAST(sum(turns) AS DOUBLE) / count(*) AS exchanges_each,
    CAST(sum(span_ms) AS DOUBLE) / count(*) / 60000 AS minutes_each
FROM conversations_in_scope
GROUP BY slice
