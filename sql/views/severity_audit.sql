-- Records whose severity disagrees with what they say or with what came of it. One row is a service, a finding and a text.
-- OpenTelemetry's guidance: 17 (ERROR) and above is something that went wrong, below is not. finding is one of
-- too_high: an error group of which at least nine tenths of the occurrences, and five at least, were harmless: handled,
-- recovered, or refusals of the caller's own request (error_class client_error), unless its sessions contradict; and
-- too_low: log records below 17 without an exception whose text says that something failed, five at least of one template.
-- text is the group's title or the log's message template; error_group_id is NULL for too_low. n_records counts what was
-- looked at and n_evidence what speaks for the finding, of which n_handled, n_recovered and n_refused overlap.
-- n_sessions counts the sessions that met the group and n_ended those of them whose last activity carries an error.
-- They contradict where the share that ended so, by its lower bound of 95 % (Wilson), is above that of all other sessions
-- with errors, or above 0 where there are none: people leave upon it, whatever the program thinks that it caught.
-- severity_number is the lowest for too_low, the highest for too_high; all counts but the first two are NULL for too_low.
WITH harmless AS (
    SELECT
        service_name,
        error_group_id,
        max(severity_number) AS severity_number,
        count(*) AS n_records,
        count(*) FILTER (WHERE handled OR recovered OR error_class = 'client_error') AS n_evidence,
        count(*) FILTER (WHERE handled) AS n_handled,
        count(*) FILTER (WHERE recovered) AS n_recovered,
        count(*) FILTER (WHERE error_class = 'client_error') AS n_refused,
        min(ts) AS first_seen_at,
        max(ts) AS last_seen_at
    FROM errors
    WHERE severity_number >= 17 AND error_group_id IS NOT NULL
    GROUP BY service_name, error_group_id
    HAVING count(*) FILTER (WHERE handled OR recovered OR error_class = 'client_error') >= greatest(5, 0.9 * count(*))
),
met AS (
    SELECT service_name, error_group_id, count(*) AS n_sessions, count(*) FILTER (WHERE ended_with_error) AS n_ended
    FROM (
        SELECT DISTINCT h.service_name, h.error_group_id, s.session_id, s.ts, s.ended_with_error
        FROM harmless h
        JOIN errors e
            ON e.error_group_id = h.error_group_id AND e.severity_number >= 17
            AND e.service_name IS NOT DISTINCT FROM h.service_name
        JOIN sessions s ON s.session_id = e.session_id AND s.ts = e.session_started_at
    ) AS of_group
    GROUP BY service_name, error_group_id
),
judged AS (
    SELECT
        h.*,
        coalesce(m.n_sessions, 0) AS n_sessions,
        coalesce(m.n_ended, 0) AS n_ended,
        wilson(m.n_ended, m.n_sessions, 0.95)['lo'] AS ended_lo,
        coalesce((a.n_ended - m.n_ended) / nullif(CAST(a.n_sessions - m.n_sessions AS DOUBLE), 0), 0) AS ended_else
    FROM harmless h
    LEFT JOIN met m
        ON m.error_group_id = h.error_group_id AND m.service_name IS NOT DISTINCT FROM h.service_name
    CROSS JOIN (
        SELECT count(*) AS n_sessions, count(*) FILTER (WHERE ended_with_error) AS n_ended FROM sessions WHERE n_errors > 0
    ) AS a
)
SELECT
    j.service_name,
    'too_high' AS finding,
    g.title AS text,
    j.error_group_id,
    CAST(j.severity_number AS SMALLINT) AS severity_number,
    j.n_records,
    j.n_evidence,
    j.n_handled,
    j.n_recovered,
    j.n_refused,
    j.n_sessions,
    j.n_ended,
    j.first_seen_at,
    j.last_seen_at
FROM judged j
LEFT JOIN error_groups g ON g.error_group_id = j.error_group_id
WHERE j.ended_lo IS NULL OR j.ended_lo <= j.ended_else
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
    NULL AS n_sessions,
    NULL AS n_ended,
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
