-- Records whose severity disagrees with what they say or with what came of it. One row is a service, a finding and a text.
-- OpenTelemetry's guidance: 17 (ERROR) and above is something that went wrong, below is not. finding is one of
-- too_high: an error group of which at least nine tenths of the occurrences, and five at least, were harmless: handled,
-- recovered, or refusals of the caller's own request (error_class client_error); and
-- too_low: log records below 17 without an exception whose text says that something failed, five at least of one template.
-- text is the group's title or the log's message template; error_group_id is NULL for too_low. n_records counts what was
-- looked at and n_evidence what speaks for the finding, of which n_handled, n_recovered and n_refused overlap; these are
-- NULL for too_low. severity_number is the lowest for too_low, the highest for too_high.
SELECT
    service_name,
    'too_high' AS finding,
    g.title AS text,
    e.error_group_id,
    CAST(max(e.severity_number) AS SMALLINT) AS severity_number,
    count(*) AS n_records,
    count(*) FILTER (WHERE e.handled OR e.recovered OR e.error_class = 'client_error') AS n_evidence,
    count(*) FILTER (WHERE e.handled) AS n_handled,
    count(*) FILTER (WHERE e.recovered) AS n_recovered,
    count(*) FILTER (WHERE e.error_class = 'client_error') AS n_refused,
    min(e.ts) AS first_seen_at,
    max(e.ts) AS last_seen_at
FROM errors e
LEFT JOIN error_groups g ON g.error_group_id = e.error_group_id
WHERE e.severity_number >= 17 AND e.error_group_id IS NOT NULL
GROUP BY e.service_name, e.error_group_id, g.title
HAVING count(*) FILTER (WHERE e.handled OR e.recovered OR e.error_class = 'client_error') >= greatest(5, 0.9 * count(*))
UNION ALL
SELECT
    service_name,
    'too_low' AS finding,
    text,
    NULL AS error_group_id,
    CAST(min(severity_number) AS SMALLINT) AS severity_number,
    count(*) AS n_records,
    count(*) AS n_evidence,
    NULL AS n_handled,
    NULL AS n_recovered,
    NULL AS n_refused,
    min(ts) AS first_seen_at,
    max(ts) AS last_seen_at
FROM (
    SELECT service_name, severity_number, ts, left(error_template(body), 160) AS text
    FROM logs
    WHERE severity_number BETWEEN 1 AND 16
        AND exception_type IS NULL
        AND exception_message IS NULL
        AND exception_stacktrace IS NULL
        AND regexp_like(body, '\b(failed|failure|fatal|crashed|panicked|unhandled|could not|cannot|unable to)\b', 'i')
        AND NOT regexp_like(body, '\b(0|no|not|never|without) (failed|failures?)\b', 'i')
) AS said
GROUP BY service_name, text
HAVING count(*) >= 5
