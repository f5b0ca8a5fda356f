-- name: users
-- question: Who used Copilot, by whose will and on how many days?
-- unit: interactions, exchanges, days
-- grain: slice, user_key
-- columns: user_name, department, interactions, exchanges, typed, clicked, automatic, system, noise, unknown, days_any, days_asked
-- slices: app, department, week, month
-- caveats: A user with exchanges and neither typed nor clicked ones is active as Microsoft counts, and did nothing by their own will. Names are the newest known.
WITH user_days AS (
    SELECT
        slice,
        user_key,
        day_number,
        sum(parts) AS interactions,
        count(*) AS exchanges,
        sum(CASE WHEN verdict = 'typed' THEN 1 ELSE 0 END) AS typed,
        sum(CASE WHEN verdict = 'clicked' THEN 1 ELSE 0 END) AS clicked,
        sum(CASE WHEN verdict = 'automatic' THEN 1 ELSE 0 END) AS automatic,
        sum(CASE WHEN verdict = 'system' THEN 1 ELSE 0 END) AS system,
        sum(CASE WHEN verdict = 'noise' THEN 1 ELSE 0 END) AS noise,
        sum(CASE WHEN verdict = 'unknown' THEN 1 ELSE 0 END) AS unknown
    FROM exchanges_in_scope
    GROUP BY slice, user_key, day_number
),
users AS (
    SELECT
        slice,
        user_key,
        sum(interactions) AS interactions,
        sum(exchanges) AS exchanges,
        sum(typed) AS typed,
        sum(clicked) AS clicked,
        sum(automatic) AS automatic,
        sum(system) AS system,
        sum(noise) AS noise,
        sum(unknown) AS unknown,
        count(*) AS days_any,
        sum(CASE WHEN typed + clicked > 0 THEN 1 ELSE 0 END) AS days_asked
    FROM user_days
    GROUP BY slice, user_key
)
SELECT
    slice,
    users.user_key,
    people.user_name,
    people.department,
    interactions,
    exchanges,
    typed,
    clicked,
    automatic,
    system,
    noise,
    unknown,
    days_any,
    days_asked
FROM users
LEFT JOIN people ON people.user_key = users.user_key
