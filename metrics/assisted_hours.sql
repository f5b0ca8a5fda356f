-- name: assisted_hours
-- question: If each exchange that a person asked for saved so many minutes, how many hours would that be?
-- unit: hours
-- grain: slice, app
-- columns: exchanges, minutes_each, hours
-- default: off
-- caveats: An estimate, and no measurement: the minutes are assumptions that stand in the table below and nowhere else. Change them to what you have observed before you show the result to anybody. Answered exchanges that were typed or clicked; apps that the table does not name take the row (other).
WITH factors AS (
    SELECT app, minutes_each
    FROM (VALUES
        ('Microsoft 365 Copilot Chat (work)', 6),
        ('Copilot Chat (web)', 6),
        ('Copilot Search', 2),
        ('Word', 6),
        ('Excel', 6),
        ('PowerPoint', 6),
        ('Outlook', 4),
        ('Teams', 6),
        ('(other)', 3)
    ) AS f(app, minutes_each)
),
counted AS (
    SELECT slice, app, count(*) AS exchanges
    FROM exchanges_in_scope
    WHERE verdict IN ('typed', 'clicked') AND first_response_at IS NOT NULL AND NOT refused
    GROUP BY slice, app
)
SELECT
    slice,
    counted.app,
    exchanges,
    coalesce(factors.minutes_each, other.minutes_each) AS minutes_each,
    CAST(exchanges * coalesce(factors.minutes_each, other.minutes_each) AS DOUBLE) / 60 AS hours
FROM counted
LEFT JOIN factors ON factors.app = counted.app
CROSS JOIN (SELECT minutes_each FROM factors WHERE app = '(other)') AS other
