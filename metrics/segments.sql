-- name: segments
-- question: How many people are power, habitual, novice, low and non-users in each week?
-- unit: users
-- grain: slice, week, span, segment
-- columns: users
-- slices: department
-- caveats: Rules of the vivainsights library's identify_usage_segments: habitual with use in 9 of the last 12 weeks (4 of 4), power with an average of 15 besides, novice from 1 a week, low above 0. Use is typed and clicked exchanges. Everybody who is licensed now or ever used Copilot counts in every whole week since the lake's first, also before they had a license. span is 12 or 4 weeks. Segments without anybody have no row.
WITH weekly AS (
    SELECT user_key, week_number, count(*) AS asked
    FROM exchanges_to_date
    WHERE verdict IN ('typed', 'clicked')
    GROUP BY user_key, week_number
),
panel AS (
    SELECT
        slice,
        everyone.user_key,
        weeks.week_number,
        weeks.week,
        weeks.in_window,
        coalesce(weekly.asked, 0) AS asked
    FROM everyone
    CROSS JOIN weeks
    LEFT JOIN weekly ON weekly.user_key = everyone.user_key AND weekly.week_number = weeks.week_number
    WHERE weeks.week_number >= (SELECT min(week_number) FROM exchanges)
),
summed AS (
    SELECT
        slice,
        user_key,
        week_number,
        week,
        in_window,
        asked,
        sum(asked) OVER (PARTITION BY slice, user_key ORDER BY week_number ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS asked_so_far,
        sum(CASE WHEN asked > 0 THEN 1 ELSE 0 END) OVER (PARTITION BY slice, user_key ORDER BY week_number ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS used_so_far,
        row_number() OVER (PARTITION BY slice, user_key ORDER BY week_number) AS weeks_so_far
    FROM panel
),
rolled AS (
    SELECT
        slice,
        user_key,
        week,
        in_window,
        asked,
        asked_so_far - coalesce(lag(asked_so_far, 12) OVER (PARTITION BY slice, user_key ORDER BY week_number), 0) AS asked_12,
        asked_so_far - coalesce(lag(asked_so_far, 4) OVER (PARTITION BY slice, user_key ORDER BY week_number), 0) AS asked_4,
        used_so_far - coalesce(lag(used_so_far, 12) OVER (PARTITION BY slice, user_key ORDER BY week_number), 0) AS used_12,
        used_so_far - coalesce(lag(used_so_far, 4) OVER (PARTITION BY slice, user_key ORDER BY week_number), 0) AS used_4,
        CASE WHEN weeks_so_far < 12 THEN weeks_so_far ELSE 12 END AS weeks_12,
        CASE WHEN weeks_so_far < 4 THEN weeks_so_far ELSE 4 END AS weeks_4
    FROM summed
),
segmented AS (
    SELECT
        slice,
        user_key,
        week,
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
    WHERE in_window = 1
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
