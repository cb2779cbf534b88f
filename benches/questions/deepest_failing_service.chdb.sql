-- In each trace that failed, the service of the deepest span that failed; how many traces each service broke.
-- ClickHouse makes a common table again wherever it is named, so it climbs from the failing spans, which are few.
WITH RECURSIVE climb AS (
    SELECT trace_id, span_id, service_name, parent_span_id, 0 AS depth
    FROM spans
    WHERE status_code = 'ERROR'
    UNION ALL
    SELECT c.trace_id, c.span_id, c.service_name, p.parent_span_id, c.depth + 1
    FROM climb c
    JOIN spans p ON p.trace_id = c.trace_id AND p.span_id = c.parent_span_id
),
ranked AS (
    SELECT service_name, depth, row_number() OVER (PARTITION BY trace_id ORDER BY depth DESC, span_id) AS place
    FROM climb
    WHERE parent_span_id IS NULL
)
SELECT service_name, depth, count(*) AS n_traces
FROM ranked
WHERE place = 1
GROUP BY service_name, depth
