-- name: conversations_by_verdict
-- question: In how many conversations are there exchanges of each verdict, and how many consist of nothing else?
-- unit: conversations
-- grain: slice, verdict
-- columns: conversations, of_this_only
-- caveats: A conversation with exchanges of two verdicts is counted under both; under of_this_only, it is counted once or not at all.
SELECT
    slice,
    verdicts.verdict,
    CASE verdicts.verdict
        WHEN 'typed' THEN typed
        WHEN 'clicked' THEN clicked
        WHEN 'automatic' THEN automatic
        WHEN 'system' THEN system
        WHEN 'noise' THEN noise
        WHEN 'unknown' THEN unknown
    END AS conversations,
    CASE verdicts.verdict
        WHEN 'typed' THEN only_typed
        WHEN 'clicked' THEN only_clicked
        WHEN 'automatic' THEN only_automatic
        WHEN 'system' THEN only_system
        WHEN 'noise' THEN only_noise
        WHEN 'unknown' THEN only_unknown
    END AS of_this_only
FROM (
    SELECT
        slice,
        count(CASE WHEN typed > 0 THEN 1 END) AS typed,
        count(CASE WHEN typed = turns THEN 1 END) AS only_typed,
        count(CASE WHEN clicked > 0 THEN 1 END) AS clicked,
        count(CASE WHEN clicked = turns THEN 1 END) AS only_clicked,
        count(CASE WHEN automatic > 0 THEN 1 END) AS automatic,
        count(CASE WHEN automatic = turns THEN 1 END) AS only_automatic,
        count(CASE WHEN system > 0 THEN 1 END) AS system,
        count(CASE WHEN system = turns THEN 1 END) AS only_system,
        count(CASE WHEN noise > 0 THEN 1 END) AS noise,
        count(CASE WHEN noise = turns THEN 1 END) AS only_noise,
        count(CASE WHEN unknown > 0 THEN 1 END) AS unknown,
        count(CASE WHEN unknown = turns THEN 1 END) AS only_unknown
    FROM conversations_in_scope
    GROUP BY slice
) AS counted
CROSS JOIN (VALUES ('typed'), ('clicked'), ('automatic'), ('system'), ('noise'), ('unknown')) AS verdicts(verdict)
