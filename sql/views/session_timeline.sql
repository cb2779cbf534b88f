-- What happened in a session. One row is an event, log record, span, error or ticket of it; source names its table.
-- Rows without a session id are found by their trace, as long as it is not quiet for four hours, and in sessions made by
-- inactivity by their user.
-- duration_ns is in nanoseconds; severity_number is OpenTelemetry's, 1 to 24.
SELECT
    session_id, ts, 'events' AS source, event_kind AS kind, service_name,
    coalesce(event_name, view_name, action_target, url_path) AS summary,
    NULL::text AS error_group_id, trace_id, span_id, NULL::smallint AS severity_number, duration_ns
FROM events
WHERE session_id IS NOT NULL
UNION ALL
SELECT
    s.session_id, r.ts, 'events', r.event_kind, r.service_name,
    coalesce(r.event_name, r.view_name, r.action_target, r.url_path), NULL, r.trace_id, r.span_id, NULL, r.duration_ns
FROM traces s
JOIN events r
    ON r.trace_id = s.trace_id
    AND (r.ts::bigint - s.ts::bigint) * 1000 BETWEEN 0 AND coalesce(s.duration_ns, 0) + 4 * 3600000000000
WHERE s.session_id IS NOT NULL AND r.session_id IS NULL
UNION ALL
SELECT
    s.session_id, r.ts, 'events', r.event_kind, r.service_name,
    coalesce(r.event_name, r.view_name, r.action_target, r.url_path), NULL, r.trace_id, r.span_id, NULL, r.duration_ns
FROM sessions s
JOIN events r
    ON coalesce(r.user_id, r.user_pseudo_id) = coalesce(s.user_id, s.user_pseudo_id)
    AND r.ts BETWEEN s.ts AND s.ended_at
WHERE s.session_id_source = 'gap' AND r.session_id IS NULL AND r.trace_id IS NULL
UNION ALL
SELECT
    session_id, ts, 'logs', coalesce(severity_text, 'log'), service_name, coalesce(body, event_name, exception_message),
    NULL, trace_id, span_id, severity_number, NULL
FROM logs
WHERE session_id IS NOT NULL
UNION ALL
SELECT
    s.session_id, r.ts, 'logs', coalesce(r.severity_text, 'log'), r.service_name,
    coalesce(r.body, r.event_name, r.exception_message), NULL, r.trace_id, r.span_id, r.severity_number, NULL
FROM traces s
JOIN logs r
    ON r.trace_id = s.trace_id
    AND (r.ts::bigint - s.ts::bigint) * 1000 BETWEEN 0 AND coalesce(s.duration_ns, 0) + 4 * 3600000000000
WHERE s.session_id IS NOT NULL AND r.session_id IS NULL
UNION ALL
SELECT
    s.session_id, r.ts, 'logs', coalesce(r.severity_text, 'log'), r.service_name,
    coalesce(r.body, r.event_name, r.exception_message), NULL, r.trace_id, r.span_id, r.severity_number, NULL
FROM sessions s
JOIN logs r
    ON coalesce(r.user_id, r.user_pseudo_id) = coalesce(s.user_id, s.user_pseudo_id)
    AND r.ts BETWEEN s.ts AND s.ended_at
WHERE s.session_id_source = 'gap' AND r.session_id IS NULL AND r.trace_id IS NULL
UNION ALL
SELECT
    session_id, ts, 'spans', coalesce(span_kind, 'span'), service_name, span_name, NULL, trace_id, span_id, NULL,
    duration_ns
FROM spans
WHERE session_id IS NOT NULL
UNION ALL
SELECT
    s.session_id, r.ts, 'spans', coalesce(r.span_kind, 'span'), r.service_name, r.span_name, NULL, r.trace_id,
    r.span_id, NULL, r.duration_ns
FROM traces s
JOIN spans r
    ON r.trace_id = s.trace_id
    AND (r.ts::bigint - s.ts::bigint) * 1000 BETWEEN 0 AND coalesce(s.duration_ns, 0) + 4 * 3600000000000
WHERE s.session_id IS NOT NULL AND r.session_id IS NULL
UNION ALL
SELECT
    session_id, ts, 'errors', coalesce(error_class, 'error'), service_name,
    CASE
        WHEN exception_message IS NULL THEN coalesce(exception_type, error_type, culprit)
        ELSE concat_ws(': ', coalesce(exception_type, error_type), exception_message)
    END,
    error_group_id, trace_id, span_id, severity_number, NULL
FROM errors
WHERE session_id IS NOT NULL
UNION ALL
SELECT
    session_id, coalesce(created_at, ts), 'tickets', kind, service_name, coalesce(first_message, message), NULL,
    trace_id, span_id, NULL, NULL
FROM tickets
WHERE session_id IS NOT NULL
