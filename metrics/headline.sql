-- name: headline
-- question: How many people used Copilot as Microsoft counts, how many of them by their own will, and who asked for what was exchanged?
-- unit: users, interactions and exchanges
-- grain: slice
-- columns: users_any, users_asked, users_not_asked, users_undecided, interactions, exchanges, typed, clicked, automatic, system, noise, unknown
-- caveats: users_any: any interaction at all, as Microsoft counts. users_asked: at least one exchange that was typed or clicked. users_not_asked is the rest; of them users_undecided have exchanges whose verdict is unknown, suspected ones among them.
SELECT
    slice,
    count(*) AS users_any,
    count(CASE WHEN typed + clicked > 0 THEN 1 END) AS users_asked,
    count(CASE WHEN typed + clicked = 0 THEN 1 END) AS users_not_asked,
    count(CASE WHEN typed + clicked = 0 AND unknown > 0 THEN 1 END) AS users_undecided,
    coalesce(sum(interactions), 0) AS interactions,
    coalesce(sum(exchanges), 0) AS exchanges,
    coalesce(sum(typed), 0) AS typed,
    coalesce(sum(clicked), 0) AS clicked,
    coalesce(sum(automatic), 0) AS automatic,
    coalesce(sum(system), 0) AS system,
    coalesce(sum(noise), 0) AS noise,
    coalesce(sum(unknown), 0) AS unknown
FROM (
    SELECT
        slice,
        user_key,
        sum(parts) AS interactions,
        count(*) AS exchanges,
        sum(CASE WHEN verdict = 'typed' THEN 1 ELSE 0 END) AS typed,
        sum(CASE WHEN verdict = 'clicked' THEN 1 ELSE 0 END) AS clicked,
        sum(CASE WHEN verdict = 'automatic' THEN 1 ELSE 0 END) AS automatic,
        sum(CASE WHEN verdict = 'system' THEN 1 ELSE 0 END) AS system,
        sum(CASE WHEN verdict = 'noise' THEN 1 ELSE 0 END) AS noise,
        sum(CASE WHEN verdict = 'unknown' THEN 1 ELSE 0 END) AS unknown
    FROM exchanges_in_scope
    GROUP BY slice, user_key
) AS users
GROUP BY slice
