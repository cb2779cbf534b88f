-- Logs whose body holds a text, by service and severity.
SELECT service_name, severity_text, count(*) AS n_logs, count(DISTINCT trace_id) AS n_traces, max(ts) AS last_at
FROM logs
WHERE body LIKE '%not accepted%'
GROUP BY service_name, severity_text
