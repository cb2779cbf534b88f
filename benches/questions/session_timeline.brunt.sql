-- Everything that happened in one session: events, logs, spans, errors, tickets.
SELECT ts, source, kind, service_name, summary, error_group_id, trace_id, span_id, duration_ns
FROM session_timeline
WHERE session_id = '{session_id}'
