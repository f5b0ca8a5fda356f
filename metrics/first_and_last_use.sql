-- name: first_and_last_use
-- question: When did each person first and last use Copilot, and when by their own will?
-- unit: days
-- grain: slice, user_key
-- columns: user_name, department, first_any, first_asked, last_any, last_asked
-- slices: app, department
-- caveats: Looks at everything in the lake up to the window's last day: before the first day of the lake nothing is known. first_asked is empty for people who never asked for anything.
SELECT
    slice,
    users.user_key,
    people.user_name,
    people.department,
    first_any,
    first_asked,
    last_any,
    last_asked
FROM (
    SELECT
        slice,
        user_key,
        min(day) AS first_any,
        min(CASE WHEN verdict IN ('typed', 'clicked') THEN day END) AS first_asked,
        max(day) AS last_any,
        max(CASE WHEN verdict IN ('typed', 'clicked') THEN day END) AS last_asked
    FROM exchanges_to_date
    GROUP BY slice, user_key
) AS users
LEFT JOIN people ON people.user_key = users.user_key
