-- Exact median, 95th and 99th percentile of the duration of each endpoint.
SELECT
    service_name,
    http_request_method,
    http_route,
    count(*) AS n_requests,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ns) AS p50_ns,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ns) AS p95_ns,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY duration_ns) AS p99_ns
FROM spans
WHERE span_kind = 'SERVER'
GROUP BY service_name, http_request_method, http_route
