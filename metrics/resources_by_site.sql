-- name: resources_by_site
-- question: Which SharePoint and OneDrive sites does Copilot draw on?
-- unit: resources, users
-- grain: slice, site
-- columns: users, resources, asked
-- caveats: Each mention counts, also the same document again. asked: in exchanges that were typed or clicked. Sites of SharePoint and OneDrive only, as host and first part of the path; other addresses are in resources_by_host.
SELECT
    slice,
    site,
    count(*) AS users,
    sum(resources) AS resources,
    sum(asked) AS asked
FROM (
    SELECT
        slice,
        site,
        user_key,
        count(*) AS resources,
        sum(CASE WHEN verdict IN ('typed', 'clicked') THEN 1 ELSE 0 END) AS asked
    FROM resources_in_scope
    WHERE site IS NOT NULL
    GROUP BY slice, site, user_key
) AS users
GROUP BY slice, site
