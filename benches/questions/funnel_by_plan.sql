-- How many people of each plan reach each step of the checkout, in order and within 24 hours.
WITH reached AS (
    SELECT
        user_id,
        window_funnel(
            INTERVAL '24 hours', ts,
            step_idx = 1, step_idx = 2, step_idx = 3, step_idx = 4, step_idx = 5, step_idx = 6
        ) AS level
    FROM journey_steps
    WHERE journey = 'checkout' AND user_id IS NOT NULL
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
