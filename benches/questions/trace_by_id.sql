-- The spans of one trace, in order.
-- ordered
-- let trace_id = SELECT trace_id FROM traces WHERE n_errors > 0 ORDER BY n_spans DESC, trace_id LIMIT 1
SELECT ts, span_id, parent_span_id, service_name, span_name, span_kind, status_code, duration_ns
FROM spans
WHERE trace_id = '{trace_id}'
ORDER BY ts, span_id
