-- name: rules
-- question: Which rule gave how many exchanges their verdict?
-- unit: exchanges
-- grain: slice, verdict, rule
-- columns: exchanges, interactions
-- caveats: One rule decides each exchange: the strongest of those that hold. hobbs rules explain shows the others.
SELECT
    slice,
    verdict,
    rule,
    count(*) AS exchanges,
    sum(parts) AS interactions
FROM exchanges_in_scope
GROUP BY slice, verdict, rule
