-- How many people of each plan reach each step of the checkout, in order and within 24 hours.
WITH reached AS (
    SELECT
        user_id,
        windowFunnel(86400000000)(
            toUInt64(toUnixTimestamp64Micro(ts)),
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
    countIf(r.level >= 1) AS n_visit,
    countIf(r.level >= 2) AS n_product,
    countIf(r.level >= 3) AS n_cart,
    countIf(r.level >= 4) AS n_checkout,
    countIf(r.level >= 5) AS n_payment,
    countIf(r.level >= 6) AS n_purchase
FROM reached r
JOIN person p ON p.user_id = r.user_id
GROUP BY p.plan_tier
