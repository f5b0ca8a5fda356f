SELECT tenant_id, user_id, user_key, user_principal_name, display_name, mail, department, job_title, office_location,
       country, company_name, manager_id, account_enabled, user_type, licensed, state, valid_from
FROM (
    SELECT *, row_number() OVER (PARTITION BY tenant_id, user_id ORDER BY valid_from DESC) AS age
    FROM users
) AS numbered
WHERE age = 1
