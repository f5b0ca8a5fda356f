SELECT tenant_id, user_id, user_key, user_principal_name, display_name, mail, department, job_title, office_location,
       country, company_name, manager_id, account_enabled, user_type, created_at, licensed, state, valid_from
FROM users
WHERE valid_to IS NULL
