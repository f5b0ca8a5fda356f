-- name: intensity_tiers
-- question: How many people use Copilot how much by their own will?
-- unit: users
-- grain: slice, tier
-- columns: name, at_least, below, users
-- slices: app, user, department
-- caveats: Tiers go by typed and clicked exchanges for five working days (Monday to Friday of the window; holidays are not known). none: people who had interactions, but none by their own will; people without any interaction are not counted.
WITH tiers AS (
    SELECT tier, name, at_least, below
    FROM (VALUES
        (0, 'none', 0, 0),
        (1, 'light', 0, 5),
        (2, 'moderate', 5, 15),
        (3, 'heavy', 15, 50),
        (4, 'very heavy', 50, 1000000)
    ) AS t(tier, name, at_least, below)
),
users AS (
    SELECT slice, user_key, sum(CASE WHEN verdict IN ('typed', 'clicked') THEN 1 ELSE 0 END) AS asked
    FROM exchanges_in_scope
    GROUP BY slice, user_key
),
counted AS (
    SELECT slice, asked, count(*) AS users
    FROM users
    GROUP BY slice, asked
)
SELECT
    slice,
    tiers.tier,
    tiers.name,
    tiers.at_least,
    tiers.below,
    sum(counted.users) AS users
FROM counted
CROSS JOIN parameters
JOIN tiers
    ON (tiers.tier = 0 AND counted.asked = 0)
    OR (
        counted.asked > 0
        AND counted.asked * 5 >= tiers.at_least * parameters.working_days
        AND counted.asked * 5 < tiers.below * parameters.working_days
    )
GROUP BY slice, tiers.tier, tiers.name, tiers.at_least, tiers.below
