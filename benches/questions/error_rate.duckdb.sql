-- Requests and failed requests, for every five minutes and service.
SELECT
    time_bucket(INTERVAL '5 minutes', ts) AS bucket,
    service_name,
    count(*) AS n_requests,
    count(*) FILTER (WHERE status_code = 'ERROR' OR http_response_status_code >= 500) AS n_failed
FROM spans
WHERE span_kind = 'SERVER'
GROUP BY bucket, service_name
