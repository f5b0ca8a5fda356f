-- The rows of one usage report that belong to nobody known: because names are hidden, or otherwise.
SELECT
    concealed,
    count(*) AS users
FROM usage_reports
WHERE {report} AND user_id IS NULL
GROUP BY concealed
