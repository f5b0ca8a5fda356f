-- Who is in scope, by their newest record: tenant and users.
SELECT
    user_id,
    user_principal_name,
    display_name,
    department,
    job_title,
    country,
    licensed,
    state,
    valid_from AS valid_from_at
FROM users_now
WHERE {people}
ORDER BY user_id
