-- How many people of each plan reach each step of the checkout, in order and within 24 hours.
-- DuckDB has no funnel function: each visit looks for the earliest later row of the next step, and so on. (ASOF joins do
-- the same in five times the time.)
WITH step AS MATERIALIZED (
    SELECT user_id, ts, step_idx
    FROM journey_steps
    WHERE journey = 'checkout' AND user_id IS NOT NULL
),
s1 AS MATERIALIZED (
    SELECT a.user_id, a.ts AS entered_at, min(b.ts) AS ts
    FROM step a
    LEFT JOIN step b ON b.step_idx = 2 AND b.user_id = a.user_id AND b.ts >= a.ts AND b.ts <= a.ts + INTERVAL '24 hours'
    WHERE a.step_idx = 1
    GROUP BY a.user_id, a.ts
),
s2 AS MATERIALIZED (
    SELECT a.user_id, a.entered_at, min(b.ts) AS ts
    FROM s1 a
    JOIN step b ON b.step_idx = 3 AND b.user_id = a.user_id AND b.ts >= a.ts AND b.ts <= a.entered_at + INTERVAL '24 hours'
    GROUP BY a.user_id, a.entered_at
),
s3 AS MATERIALIZED (
    SELECT a.user_id, a.entered_at, min(b.ts) AS ts
    FROM s2 a
    JOIN step b ON b.step_idx = 4 AND b.user_id = a.user_id AND b.ts >= a.ts AND b.ts <= a.entered_at + INTERVAL '24 hours'
    GROUP BY a.user_id, a.entered_at
),
s4 AS MATERIALIZED (
    SELECT a.user_id, a.entered_at, min(b.ts) AS ts
    FROM s3 a
    JOIN step b ON b.step_idx = 5 AND b.user_id = a.user_id AND b.ts >= a.ts AND b.ts <= a.entered_at + INTERVAL '24 hours'
    GROUP BY a.user_id, a.entered_at
),
s5 AS (
    SELECT a.user_id, a.entered_at
    FROM s4 a
    JOIN step b ON b.step_idx = 6 AND b.user_id = a.user_id AND b.ts >= a.ts AND b.ts <= a.entered_at + INTERVAL '24 hours'
),
reached AS (
    SELECT user_id, max(level) AS level
    FROM (
        SELECT user_id, CASE WHEN ts IS NULL THEN 1 ELSE 2 END AS level FROM s1
        UNION ALL SELECT user_id, 3 FROM s2
        UNION ALL SELECT user_id, 4 FROM s3
        UNION ALL SELECT user_id, 5 FROM s4
        UNION ALL SELECT user_id, 6 FROM s5
    )
    GROUP BY user_id
),
person AS (
    SELECT user_id, max(plan_tier) AS plan_tier
    FROM sessions
    WHERE user_id IS NOT NULL
    GROUP BY user_id
)
SELECT
    p.plan_tier,
    count(*) FILTER (WHERE r.level >= 1) AS n_visit,
    count(*) FILTER (WHERE r.level >= 2) AS n_product,
    count(*) FILTER (WHERE r.level >= 3) AS n_cart,
    count(*) FILTER (WHERE r.level >= 4) AS n_checkout,
    count(*) FILTER (WHERE r.level >= 5) AS n_payment,
    count(*) FILTER (WHERE r.level >= 6) AS n_purchase
FROM reached r
JOIN person p ON p.user_id = r.user_id
GROUP BY p.plan_tier
