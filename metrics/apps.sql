-- name: apps
-- question: Which apps do people use, and by whose will?
-- unit: exchanges, users
-- grain: slice, app
-- columns: users_any, users_asked, exchanges, typed, clicked, automatic, system, noise, unknown
-- caveats: A user of two apps is counted under both.
SELECT
    slice,
    app,
    count(*) AS users_any,
    count(CASE WHEN typed + clicked > 0 THEN 1 END) AS users_asked,
    sum(exchanges) AS exchanges,
    sum(typed) AS typed,
    sum(clicked) AS clicked,
    sum(automatic) AS automatic,
    sum(system) AS system,
    sum(noise) AS noise,
    sum(unknown) AS unknown
FROM (
    SELECT
        slice,
        app,
        user_key,
        count(*) AS exchanges,
        sum(CASE WHEN verdict = 'typed' THEN 1 ELSE 0 END) AS typed,
        sum(CASE WHEN verdict = 'clicked' THEN 1 ELSE 0 END) AS clicked,
        sum(CASE WHEN verdict = 'automatic' THEN 1 ELSE 0 END) AS automatic,
        sum(CASE WHEN verdict = 'system' THEN 1 ELSE 0 END) AS system,
        sum(CASE WHEN verdict = 'noise' THEN 1 ELSE 0 END) AS noise,
        sum(CASE WHEN verdict = 'unknown' THEN 1 ELSE 0 END) AS unknown
    FROM exchanges_in_scope
    GROUP BY slice, app, user_key
) AS users
GROUP BY slice, app
