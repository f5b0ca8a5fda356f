-- name: hours
-- question: At which hours of which weekdays is Copilot used, and by whose will?
-- unit: exchanges
-- grain: slice, weekday, hour
-- columns: exchanges, typed, clicked, automatic
-- caveats: Weekday 1 is Monday. Hours are those of the tenant's time zone, as the lake was derived; people in other zones are not moved. Hours without an exchange have no row.
SELECT
    slice,
    weekday,
    hour,
    count(*) AS exchanges,
    count(CASE WHEN verdict = 'typed' THEN 1 END) AS typed,
    count(CASE WHEN verdict = 'clicked' THEN 1 END) AS clicked,
    count(CASE WHEN verdict = 'automatic' THEN 1 END) AS automatic
FROM exchanges_in_scope
GROUP BY slice, weekday, hour
