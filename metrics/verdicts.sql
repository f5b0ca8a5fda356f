-- name: verdicts
-- question: How many interactions and exchanges are there of each verdict?
-- unit: exchanges, interactions, users
-- grain: slice, verdict
-- columns: users, exchanges, interactions, prompts, responses, others, noise_parts
-- caveats: An interaction has its exchange's verdict and day. noise_parts are interactions inside an exchange that say nothing (Searching…, thinking, repeats); they are counted in interactions too.
SELECT
    slice,
    verdict,
    count(*) AS users,
    sum(exchanges) AS exchanges,
    sum(interactions) AS interactions,
    sum(prompts) AS prompts,
    sum(responses) AS responses,
    sum(others) AS others,
    sum(noise_parts) AS noise_parts
FROM (
    SELECT
        slice,
        verdict,
        user_key,
        count(*) AS exchanges,
        sum(parts) AS interactions,
        sum(prompts) AS prompts,
        sum(responses) AS responses,
        sum(others) AS others,
        sum(noise_parts) AS noise_parts
    FROM exchanges_in_scope
    GROUP BY slice, verdict, user_key
) AS users
GROUP BY slice, verdict
