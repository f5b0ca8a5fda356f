-- Who everybody is, by the newest record.
SELECT
    user_id,
    user_principal_name,
    display_name,
    department,
    account_enabled,
    user_type,
    licensed,
    state,
    valid_from AS valid_from_at
FROM users_now
WHERE {people}
ORDER BY user_id
