-- Which usage reports there are, by refresh date, period and version.
SELECT
    tenant_id,
    report_refresh_date,
    report_period,
    report_version,
    sum(CASE WHEN concealed THEN 1 ELSE 0 END) AS concealed
FROM usage_reports
WHERE {people}
GROUP BY tenant_id, report_refresh_date, report_period, report_version
ORDER BY tenant_id, report_refresh_date, report_period, report_version
