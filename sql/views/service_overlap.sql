-- Services whose errors tell of the same failures. One row is a pair of services that share an incident, each pair once.
-- n_shared counts the incidents that both recorded, n_a and n_b those that each did; overlap is the share of n_shared in
-- all that either recorded (Jaccard). n_root_a and n_root_b count the shared ones that began in the one and in the other;
-- the rest began in a third service.
WITH seen AS (
    SELECT DISTINCT incident_id, service_name
    FROM errors
    WHERE incident_id IS NOT NULL AND service_name IS NOT NULL
),
roots AS (
    SELECT incident_id, min(root_service_name) AS root_service_name
    FROM errors
    WHERE incident_id IS NOT NULL
    GROUP BY incident_id
),
sizes AS (
    SELECT service_name, count(*) AS n
    FROM seen
    GROUP BY service_name
),
shared AS (
    SELECT
        a.service_name AS service_a,
        b.service_name AS service_b,
        count(*) AS n_shared,
        count(*) FILTER (WHERE r.root_service_name = a.service_name) AS n_root_a,
        count(*) FILTER (WHERE r.root_service_name = b.service_name) AS n_root_b
    FROM seen a
    JOIN seen b ON b.incident_id = a.incident_id AND b.service_name > a.service_name
    JOIN roots r ON r.incident_id = a.incident_id
    GROUP BY a.service_name, b.service_name
)
SELECT
    s.service_a,
    s.service_b,
    s.n_shared,
    a.n AS n_a,
    b.n AS n_b,
    s.n_root_a,
    s.n_root_b,
    s.n_shared / CAST(a.n + b.n - s.n_shared AS DOUBLE) AS overlap
FROM shared s
JOIN sizes a ON a.service_name = s.service_a
JOIN sizes b ON b.service_name = s.service_b
