-- Which signals services record their exceptions with. One row is a service.
-- n_occurrences counts occurrences; n_log_only, n_span_only and n_event_only those with one kind of signal, and n_both those
-- that were recorded as a log and on a span, as OpenTelemetry's phase logs/dup does: each is one occurrence here, and would
-- be several to whoever counts records. n_signals counts kinds of signals over all occurrences.
SELECT
    service_name,
    count(*) AS n_occurrences,
    count(*) FILTER (WHERE logged AND NOT spanned) AS n_log_only,
    count(*) FILTER (WHERE spanned AND NOT logged) AS n_span_only,
    count(*) FILTER (WHERE NOT logged AND NOT spanned) AS n_event_only,
    count(*) FILTER (WHERE logged AND spanned) AS n_both,
    sum(cardinality(signals)) AS n_signals
FROM (
    SELECT
        service_name,
        signals,
        array_has(signals, 'log') AS logged,
        array_has(signals, 'span') OR array_has(signals, 'span_event') AS spanned
    FROM errors
    WHERE duplicate_of IS NULL
) AS signalled
GROUP BY service_name
