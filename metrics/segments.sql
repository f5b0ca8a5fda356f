-- name: segments
-- question: How many people are power, habitual, novice, low and non-users in each week?
-- unit: users
-- grain: slice, week, span, segment
-- columns: users
-- slices: department
-- caveats: Rules of the vivainsights library's identify_usage_segments: habitual with use in 9 of the last 12 weeks (4 of 4), power with an average of 15 besides, novice from 1 a week, low above 0. Use is typed and clicked exchanges. Everybody who is licensed now or ever used Copilot counts in every whole week since the lake's first, also before they had a license. span is 12 or 4 weeks. Segments without anybody have no row.
WITH weekly AS (
    SELECT slice, user_key, week_number, count(*) AS asked
    FROM exchanges_to_date
    WHERE verdict IN ('typed', 'clicked')
    GROUP BY slice, user_key, week_number
),
rolled AS (
    SELECT
        slice,
        user_key,
        week_number,
        sum(asked) AS asked,
        sum(asked_12) AS asked_12,
        sum(asked_4) AS asked_4,
        sum(used_12) AS used_12,
        sum(used_4) AS used_4
    FROM (
        -- A week's use is part of that week's sums and of the eleven weeks' after it.
        SELECT
            slice,
            user_key,
            weekly.week_number + ahead AS week_number,
            CASE WHEN ahead = 0 THEN asked ELSE 0 END AS asked,
            asked AS asked_12,
            CASE WHEN ahead < 4 THEN asked ELSE 0 END AS asked_4,
            1 AS used_12,
            CASE WHEN ahead < 4 THEN 1 ELSE 0 END AS used_4
        FROM weekly
        JOIN weeks ON weeks.week_number = weekly.week_number
        CROSS JOIN (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11)) AS shifts(ahead)
        UNION ALL
        SELECT slice, user_key, week_number, 0, 0, 0, 0, 0
        FROM everyone
        CROSS JOIN weeks
        WHERE weeks.in_window = 1
    ) AS shifted
    GROUP BY slice, user_key, week_number
),
spans AS (
    SELECT
        week_number,
        week,
        CASE WHEN week_number - first_week_number < 12 THEN week_number - first_week_number + 1 ELSE 12 END AS weeks_12,
        CASE WHEN week_number - first_week_number < 4 THEN week_number - first_week_number + 1 ELSE 4 END AS weeks_4
    FROM weeks
    CROSS JOIN (SELECT min(week_number) AS first_week_number FROM exchanges) AS lake
    WHERE weeks.in_window = 1 AND week_number >= first_week_number
),
segmented AS (
    SELECT
        slice,
        user_key,
        spans.week,
        asked,
        asked_12,
        weeks_12,
        asked_4,
        weeks_4,
        CASE
            WHEN used_12 >= 9 AND asked_12 >= 15 * weeks_12 THEN 'Power User'
            WHEN used_12 >= 9 THEN 'Habitual User'
            WHEN asked_12 >= weeks_12 THEN 'Novice User'
            WHEN asked_12 > 0 THEN 'Low User'
            ELSE 'Non-user'
        END AS segment_12,
        CASE
            WHEN used_4 >= 4 AND asked_4 >= 15 * weeks_4 THEN 'Power User'
            WHEN used_4 >= 4 THEN 'Habitual User'
            WHEN asked_4 >= weeks_4 THEN 'Novice User'
            WHEN asked_4 > 0 THEN 'Low User'
            ELSE 'Non-user'
        END AS segment_4
    FROM rolled
    JOIN spans ON spans.week_number = rolled.week_number
),
counted AS (
    SELECT slice, week, segment_12, segment_4, count(*) AS users
    FROM segmented
    GROUP BY slice, week, segment_12, segment_4
)
SELECT
    slice,
    week,
    span,
    CASE WHEN span = 12 THEN segment_12 ELSE segment_4 END AS segment,
    sum(users) AS users
FROM counted
CROSS JOIN (VALUES (12), (4)) AS spans(span)
GROUP BY slice, week, span, CASE WHEN span = 12 THEN segment_12 ELSE segment_4 END
