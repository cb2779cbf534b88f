-- How often services record one failure. One row is a service.
-- duplication_factor is records per incident, 1 where each failure is recorded once. n_incidents counts the incidents that
-- the service recorded, n_errors the occurrences of errors that it did, n_duplicates those that only say once more what
-- the root cause of their incident says, n_alone the incidents that no other service recorded.
SELECT
    service_name,
    n_records,
    n_errors,
    n_duplicates,
    n_incidents,
    n_alone,
    n_records / nullif(CAST(n_incidents AS DOUBLE), 0) AS duplication_factor
FROM (
    SELECT
        e.service_name,
        CAST(sum(coalesce(e.n_records, 1)) AS BIGINT) AS n_records,
        count(*) AS n_errors,
        count(e.duplicate_of) AS n_duplicates,
        count(DISTINCT e.incident_id) AS n_incidents,
        count(DISTINCT e.incident_id) FILTER (WHERE i.n_services = 1) AS n_alone
    FROM errors e
    JOIN (
        SELECT incident_id, count(DISTINCT service_name) AS n_services
        FROM errors
        WHERE incident_id IS NOT NULL
        GROUP BY incident_id
    ) i ON i.incident_id = e.incident_id
    WHERE e.service_name IS NOT NULL
    GROUP BY e.service_name
) AS counted
