-- Exact median, 95th and 99th percentile of the duration of each endpoint.
SELECT
    service_name, http_request_method, http_route, n_requests,
    quantiles[1] AS p50_ns, quantiles[2] AS p95_ns, quantiles[3] AS p99_ns
FROM (
    SELECT
        service_name,
        http_request_method,
        http_route,
        count(*) AS n_requests,
        quantilesExactInclusive(0.5, 0.95, 0.99)(duration_ns) AS quantiles
    FROM spans
    WHERE span_kind = 'SERVER'
    GROUP BY service_name, http_request_method, http_route
)
