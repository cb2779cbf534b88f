-- What sessions that met a group have in common: each value of six attributes among affected and unaffected.
WITH cohort AS (
    SELECT
        device_type, browser_name, geo_country, service_version, plan_tier, os_name,
        session_id IN (SELECT session_id FROM errors WHERE error_group_id = '{group}') AS is_affected
    FROM sessions
)
SELECT
    device_type, browser_name, geo_country, service_version, plan_tier, os_name,
    grouping(device_type, browser_name, geo_country, service_version, plan_tier, os_name) AS attribute,
    countIf(is_affected) AS n_affected,
    countIf(NOT is_affected) AS n_unaffected
FROM cohort
GROUP BY GROUPING SETS ((device_type), (browser_name), (geo_country), (service_version), (plan_tier), (os_name))
SETTINGS group_by_use_nulls = 1
