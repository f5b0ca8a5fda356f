-- name: answers
-- question: How many prompts were never answered, how many answers cite no source, and how many refuse?
-- unit: exchanges
-- grain: slice, app
-- columns: prompts, answered, unanswered, without_source, refused, share_unanswered, share_without_source, share_refused
-- caveats: Exchanges that were typed or clicked and have a prompt. Parts that say nothing (Searching…) are no response. A prompt without one may have been answered where Graph shows nothing, or be newer than its answer. An answer cites a source if it carries a link; refusals are known by literal signs in many languages, so some are missed. The last two shares are of answered prompts.
SELECT
    slice,
    app,
    prompts,
    answered,
    prompts - answered AS unanswered,
    without_source,
    refused,
    CAST(prompts - answered AS DOUBLE) / prompts AS share_unanswered,
    CAST(without_source AS DOUBLE) / nullif(answered, 0) AS share_without_source,
    CAST(refused AS DOUBLE) / nullif(answered, 0) AS share_refused
FROM (
    SELECT
        slice,
        app,
        count(*) AS prompts,
        sum(CASE WHEN first_response_at IS NOT NULL THEN 1 ELSE 0 END) AS answered,
        sum(CASE WHEN first_response_at IS NOT NULL AND NOT grounded THEN 1 ELSE 0 END) AS without_source,
        sum(CASE WHEN first_response_at IS NOT NULL AND refused THEN 1 ELSE 0 END) AS refused
    FROM exchanges_in_scope
    WHERE verdict IN ('typed', 'clicked') AND prompts > 0
    GROUP BY slice, app
) AS counted
