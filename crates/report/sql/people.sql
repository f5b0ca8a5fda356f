-- Who is in scope, as they were at the end of the report's time: tenant and users. Of each user the
-- record that held then; where none is known so early, the first one. Whether the license is held
-- and the user present is said as of now.
SELECT
    n.user_id,
    u.user_principal_name,
    u.display_name,
    u.department,
    u.job_title,
    u.country,
    n.licensed,
    n.state,
    n.valid_from AS valid_from_at
FROM (SELECT * FROM users_now WHERE {people}) AS n
INNER JOIN (
    SELECT tenant_id, user_id, min(valid_from) AS valid_from
    FROM users
    WHERE valid_to IS NULL OR valid_to > {until}
    GROUP BY tenant_id, user_id
) AS held ON held.tenant_id = n.tenant_id AND held.user_id = n.user_id
INNER JOIN users AS u
    ON u.tenant_id = held.tenant_id AND u.user_id = held.user_id AND u.valid_from = held.valid_from
ORDER BY n.user_id
