-- In each trace that failed, the service of the deepest span that failed; how many traces each service broke.
WITH RECURSIVE part AS (
    SELECT s.trace_id, s.span_id, s.parent_span_id, s.service_name, s.status_code
    FROM spans s
    JOIN (SELECT DISTINCT trace_id FROM spans WHERE status_code = 'ERROR') f ON f.trace_id = s.trace_id
),
tree AS (
    SELECT trace_id, span_id, service_name, status_code, 0 AS depth
    FROM part
    WHERE parent_span_id IS NULL
    UNION ALL
    SELECT p.trace_id, p.span_id, p.service_name, p.status_code, t.depth + 1
    FROM tree t
    JOIN part p ON p.trace_id = t.trace_id AND p.parent_span_id = t.span_id
),
ranked AS (
    SELECT service_name, depth, row_number() OVER (PARTITION BY trace_id ORDER BY depth DESC, span_id) AS place
    FROM tree
    WHERE status_code = 'ERROR'
)
SELECT service_name, depth, count(*) AS n_traces
FROM ranked
WHERE place = 1
GROUP BY service_name, depth
