-- What sessions that met a group have in common: each value of six attributes among affected and unaffected.
-- let group = SELECT error_group_id FROM errors WHERE service_name = 'payment' GROUP BY error_group_id ORDER BY count(*) DESC, error_group_id LIMIT 1
WITH affected AS (
    SELECT DISTINCT session_id FROM errors WHERE error_group_id = '{group}'
),
cohort AS (
    SELECT
        s.device_type, s.browser_name, s.geo_country, s.service_version, s.plan_tier, s.os_name,
        a.session_id IS NOT NULL AS is_affected
    FROM sessions s
    LEFT JOIN affected a ON a.session_id = s.session_id
)
SELECT
    device_type, browser_name, geo_country, service_version, plan_tier, os_name,
    grouping(device_type, browser_name, geo_country, service_version, plan_tier, os_name) AS attribute,
    count(*) FILTER (WHERE is_affected) AS n_affected,
    count(*) FILTER (WHERE NOT is_affected) AS n_unaffected
FROM cohort
GROUP BY GROUPING SETS ((device_type), (browser_name), (geo_country), (service_version), (plan_tier), (os_name))
