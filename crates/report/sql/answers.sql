-- Responses to prompts: responses that are not automatic, with a prompt of the same request in the
-- same session. Grouped rather than joined: one pass, and rows without a session meet each other.
SELECT
    sum(CASE WHEN prompts > 0 THEN responses ELSE 0 END) AS answers
FROM (
    SELECT
        user_id,
        session_id,
        request_id,
        sum(CASE WHEN kind = 'prompt' THEN 1 ELSE 0 END) AS prompts,
        sum(CASE WHEN kind = 'response' AND NOT ({automatic}) THEN 1 ELSE 0 END) AS responses
    FROM interactions
    WHERE {scope} AND request_id IS NOT NULL
    GROUP BY user_id, session_id, request_id
) AS requests
