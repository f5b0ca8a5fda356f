-- Responses to prompts that somebody asked for, or may have asked for.
SELECT sum(responses) AS answers
FROM exchanges
WHERE {exchanges} AND prompts > 0 AND verdict IN ('typed', 'clicked', 'unknown')
