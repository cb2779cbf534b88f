-- Log lines of each severity by the plan of whoever caused them: logs, their root spans, those spans' sessions.
SELECT s.plan_tier, l.severity_text, count(*) AS n_logs, count(DISTINCT s.session_id) AS n_sessions
FROM logs l
JOIN spans r ON r.trace_id = l.trace_id AND r.parent_span_id IS NULL
JOIN sessions s ON s.session_id = r.session_id
GROUP BY s.plan_tier, l.severity_text
