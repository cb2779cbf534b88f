-- Requests and failed requests, for every five minutes and service.
SELECT toDateTime64(bucket, 6, 'UTC') AS bucket, service_name, n_requests, n_failed
FROM (
    SELECT
        toStartOfInterval(ts, INTERVAL 5 MINUTE) AS bucket,
        service_name,
        count() AS n_requests,
        countIf(status_code = 'ERROR' OR http_response_status_code >= 500) AS n_failed
    FROM spans
    WHERE span_kind = 'SERVER'
    GROUP BY bucket, service_name
)
