-- Whose numbers the exchanges bear: metrics know users by these.
SELECT user_key, min(user_id) AS user_id
FROM exchanges
WHERE {exchanges}
GROUP BY user_key
