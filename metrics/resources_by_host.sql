-- name: resources_by_host
-- question: From which hosts do contexts, links and attachments come?
-- unit: resources, users
-- grain: slice, host
-- columns: users, resources, asked
-- caveats: Each mention counts, also the same document again. asked: in exchanges that were typed or clicked. Resources whose address has no host (events, meetings) are left out.
SELECT
    slice,
    host,
    count(*) AS users,
    sum(resources) AS resources,
    sum(asked) AS asked
FROM (
    SELECT
        slice,
        host,
        user_key,
        count(*) AS resources,
        sum(CASE WHEN verdict IN ('typed', 'clicked') THEN 1 ELSE 0 END) AS asked
    FROM resources_in_scope
    WHERE host IS NOT NULL
    GROUP BY slice, host, user_key
) AS users
GROUP BY slice, host
