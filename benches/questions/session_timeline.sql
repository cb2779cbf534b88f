-- Everything that happened in one session: events, logs, spans, errors, tickets.
-- let session_id = SELECT session_id FROM sessions WHERE n_errors > 0 AND n_orders > 0 ORDER BY n_spans DESC, session_id LIMIT 1
WITH of_session AS (
    SELECT trace_id FROM traces WHERE session_id = '{session_id}'
)
SELECT
    ts, 'events' AS source, event_kind AS kind, service_name,
    coalesce(event_name, view_name, action_target, url_path) AS summary,
    NULL AS error_group_id, trace_id, span_id, duration_ns
FROM events
WHERE session_id = '{session_id}'
UNION ALL
SELECT
    ts, 'events', event_kind, service_name, coalesce(event_name, view_name, action_target, url_path),
    NULL, trace_id, span_id, duration_ns
FROM events
WHERE session_id IS NULL AND trace_id IN (SELECT trace_id FROM of_session)
UNION ALL
SELECT
    ts, 'logs', coalesce(severity_text, 'log'), service_name, coalesce(body, event_name, exception_message),
    NULL, trace_id, span_id, NULL
FROM logs
WHERE session_id = '{session_id}'
UNION ALL
SELECT
    ts, 'logs', coalesce(severity_text, 'log'), service_name, coalesce(body, event_name, exception_message),
    NULL, trace_id, span_id, NULL
FROM logs
WHERE session_id IS NULL AND trace_id IN (SELECT trace_id FROM of_session)
UNION ALL
SELECT ts, 'spans', coalesce(span_kind, 'span'), service_name, span_name, NULL, trace_id, span_id, duration_ns
FROM spans
WHERE session_id = '{session_id}'
UNION ALL
SELECT ts, 'spans', coalesce(span_kind, 'span'), service_name, span_name, NULL, trace_id, span_id, duration_ns
FROM spans
WHERE session_id IS NULL AND trace_id IN (SELECT trace_id FROM of_session)
UNION ALL
SELECT
    ts, 'errors', coalesce(error_class, 'error'), service_name,
    CASE
        WHEN exception_message IS NULL THEN coalesce(exception_type, error_type, culprit)
        ELSE concat_ws(': ', coalesce(exception_type, error_type), exception_message)
    END,
    error_group_id, trace_id, span_id, NULL
FROM errors
WHERE session_id = '{session_id}'
UNION ALL
SELECT
    coalesce(created_at, ts), 'tickets', kind, service_name, coalesce(first_message, message), NULL, trace_id, span_id,
    NULL
FROM tickets
WHERE session_id = '{session_id}'
