-- name: resources_by_kind
-- question: Of which kinds are the contexts, links and attachments?
-- unit: resources, users
-- grain: slice, role, kind
-- columns: users, resources, asked
-- caveats: role: context (where it was asked), link (what the answer cites) or attachment (what came with the answer). Each mention counts, also the same document again. asked: in exchanges that were typed or clicked. Kinds are Graph's own words (docx, TeamsMeeting, File, …); resources without one are under (none).
SELECT
    slice,
    role,
    kind,
    count(*) AS users,
    sum(resources) AS resources,
    sum(asked) AS asked
FROM (
    SELECT
        slice,
        role,
        coalesce(kind, '(none)') AS kind,
        user_key,
        count(*) AS resources,
        sum(CASE WHEN verdict IN ('typed', 'clicked') THEN 1 ELSE 0 END) AS asked
    FROM resources_in_scope
    GROUP BY slice, role, coalesce(kind, '(none)'), user_key
) AS users
GROUP BY slice, role, kind
