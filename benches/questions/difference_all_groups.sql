-- How much rarer orders are in sessions that met a group, compared within device and plan, all groups.
WITH cohort AS (
    SELECT
        session_id,
        coalesce(device_type, '') AS device,
        coalesce(plan_tier, '') AS plan,
        CASE WHEN n_orders > 0 THEN 1 ELSE 0 END AS converted
    FROM sessions
    WHERE session_id IS NOT NULL
),
met AS (
    SELECT DISTINCT error_group_id, session_id
    FROM errors
    WHERE error_group_id IS NOT NULL AND session_id IS NOT NULL
),
affected AS (
    SELECT m.error_group_id, c.device, c.plan, count(*) AS n, sum(c.converted) AS n_converted
    FROM met m
    JOIN cohort c ON c.session_id = m.session_id
    GROUP BY m.error_group_id, c.device, c.plan
),
everyone AS (
    SELECT device, plan, count(*) AS n, sum(converted) AS n_converted
    FROM cohort
    GROUP BY device, plan
),
stratum AS (
    SELECT
        a.error_group_id,
        a.n AS n_affected,
        1.0 * a.n * (e.n - a.n) / e.n AS weight,
        1.0 * a.n_converted / a.n - 1.0 * (e.n_converted - a.n_converted) / (e.n - a.n) AS difference
    FROM affected a
    JOIN everyone e ON e.device = a.device AND e.plan = a.plan
    WHERE e.n > a.n
)
SELECT error_group_id, sum(n_affected) AS n_affected, sum(weight * difference) / sum(weight) AS difference
FROM stratum
GROUP BY error_group_id
