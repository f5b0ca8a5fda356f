-- name: resources_by_site
-- question: Which SharePoint and OneDrive sites does Copilot draw on?
-- unit: resources, users
-- grain: slice, site
-- columns: users, resources, asked, contexts, links, attachments
-- caveats: Each mention counts, also the same document again. asked: in exchanges that were typed or clicked. Sites of SharePoint and OneDrive only, as host and first part of the path; other addresses are in resources_by_host.
SELECT
    slice,
    site,
    count(*) AS users,
    sum(resources) AS resources,
    sum(asked) AS asked,
    sum(contexts) AS contexts,
    sum(links) AS links,
    sum(attachments) AS attachments
FROM (
    SELECT
        slice,
        site,
        user_key,
        count(*) AS resources,
        sum(CASE WHEN verdict IN ('typed', 'clicked') THEN 1 ELSE 0 END) AS asked,
        sum(CASE WHEN role = 'context' THEN 1 ELSE 0 END) AS contexts,
        sum(CASE WHEN role = 'link' THEN 1 ELSE 0 END) AS links,
        sum(CASE WHEN role = 'attachment' THEN 1 ELSE 0 END) AS attachments
    FROM resources_in_scope
    WHERE site IS NOT NULL
    GROUP BY slice, site, user_key
) AS users
GROUP BY slice, site
