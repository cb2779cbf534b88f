-- Which signals services record their exceptions with. One row is a service.
-- n_occurrences counts occurrences: n_log_only and n_span_event_only those whose exception is in a log or in a span's event
-- alone; n_both those with both, as OpenTelemetry's phase logs/dup records them, which are one occurrence here and two to
-- whoever counts records; n_status_only those of which only a span's error status tells, n_client_only those that only a
-- session event tells of. n_signals counts kinds of signals over all occurrences.
SELECT
    service_name,
    count(*) AS n_occurrences,
    count(*) FILTER (WHERE logged AND NOT thrown) AS n_log_only,
    count(*) FILTER (WHERE thrown AND NOT logged) AS n_span_event_only,
    count(*) FILTER (WHERE logged AND thrown) AS n_both,
    count(*) FILTER (WHERE NOT logged AND NOT thrown AND failed) AS n_status_only,
    count(*) FILTER (WHERE NOT logged AND NOT thrown AND NOT failed) AS n_client_only,
    sum(cardinality(signals)) AS n_signals
FROM (
    SELECT
        service_name,
        signals,
        array_has(signals, 'log') AS logged,
        array_has(signals, 'span_event') AS thrown,
        array_has(signals, 'span') AS failed
    FROM errors
    WHERE duplicate_of IS NULL
) AS signalled
GROUP BY service_name
