-- Which rules gave the verdicts of the exchanges in scope, and on which days these lie.
SELECT
    rules,
    min(day) AS first_day,
    max(day) AS last_day
FROM exchanges
WHERE {exchanges}
GROUP BY rules
ORDER BY rules
