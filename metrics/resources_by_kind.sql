-- name: resources_by_kind
-- question: Of which kinds are the contexts, links and attachments?
-- unit: resources, users
-- grain: slice, kind
-- columns: users, resources, asked, contexts, links, attachments
-- caveats: Each mention counts, also the same document again. asked: in exchanges that were typed or clicked. Kinds are Graph's own words (docx, TeamsMeeting, File, …); resources without one are under (none).
SELECT
    slice,
    kind,
    count(*) AS users,
    sum(resources) AS resources,
    sum(asked) AS asked,
    sum(contexts) AS contexts,
    sum(links) AS links,
    sum(attachments) AS attachments
FROM (
    SELECT
        slice,
        coalesce(kind, '(none)') AS kind,
        user_key,
        count(*) AS resources,
        sum(CASE WHEN verdict IN ('typed', 'clicked') THEN 1 ELSE 0 END) AS asked,
        sum(CASE WHEN role = 'context' THEN 1 ELSE 0 END) AS contexts,
        sum(CASE WHEN role = 'link' THEN 1 ELSE 0 END) AS links,
        sum(CASE WHEN role = 'attachment' THEN 1 ELSE 0 END) AS attachments
    FROM resources_in_scope
    GROUP BY slice, coalesce(kind, '(none)'), user_key
) AS users
GROUP BY slice, kind
