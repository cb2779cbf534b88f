-- Errors that a service is counted for and another has to mend. One row is a service with errors.
-- n_errors counts its occurrences whose incident's root is known, n_elsewhere those of them whose incident began in
-- another service; share_elsewhere is the share with its 95 % interval (Wilson). root_service_name is the service that
-- most of these began in, NULL where there are none. n_time_only counts those of n_elsewhere that no trace links (time_only).
WITH counted AS (
    SELECT
        service_name,
        count(*) AS n_errors,
        count(*) FILTER (WHERE root_service_name <> service_name) AS n_elsewhere,
        count(*) FILTER (WHERE root_service_name <> service_name AND root_evidence = 'time_only') AS n_time_only
    FROM errors
    WHERE service_name IS NOT NULL AND root_service_name IS NOT NULL
    GROUP BY service_name
),
began AS (
    SELECT service_name, first_value(root_service_name ORDER BY n DESC, root_service_name) AS root_service_name
    FROM (
        SELECT service_name, root_service_name, count(*) AS n
        FROM errors
        WHERE root_service_name <> service_name
        GROUP BY service_name, root_service_name
    ) AS elsewhere
    GROUP BY service_name
)
SELECT
    c.service_name,
    c.n_errors,
    c.n_elsewhere,
    c.n_time_only,
    wilson(c.n_elsewhere, c.n_errors, 0.95)['estimate'] AS share_elsewhere,
    wilson(c.n_elsewhere, c.n_errors, 0.95)['lo'] AS share_elsewhere_lo,
    wilson(c.n_elsewhere, c.n_errors, 0.95)['hi'] AS share_elsewhere_hi,
    b.root_service_name
FROM counted c
LEFT JOIN began b ON b.service_name = c.service_name
