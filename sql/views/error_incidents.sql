-- Failures, whatever number of services, levels and signals recorded each. One row is an incident.
-- root_service_name is the service to blame and root_group_id the group of the error that it began with, error_class the
-- class of that; root_evidence says what that rests on, the strongest first: deepest_failing_span, timeout_child (the
-- error gave up waiting, a span below took most of the time and ran to the end), earliest_error (of those of a trace that
-- belong together, where spans say nothing), time_only (no trace: the first of its session, each later error at most two
-- seconds after one that says the same, is of the same server, or of a service that it calls or is called by).
-- ts and ended_at are those of its first and last error. service_names and signals are those that recorded it, n_records
-- counts their records, n_errors the occurrences that these are, n_groups their error groups. Spans that only pass a
-- failure on, with an error status and nothing said, are not counted. recovered is true where all that failed was tried
-- again with success, NULL where that is not known of any; handled likewise. Ids are those of the root cause, else of
-- another of its errors. An incident whose root cause has gone with its day has no root_group_id and no error_class.
SELECT
    incident_id,
    min(ts) AS ts,
    min(day) AS day,
    max(ts) AS ended_at,
    first_value(root_service_name ORDER BY NOT root_cause, ts, error_id) AS root_service_name,
    first_value(error_group_id ORDER BY ts, error_id) FILTER (WHERE root_cause) AS root_group_id,
    first_value(root_evidence ORDER BY NOT root_cause, ts, error_id) AS root_evidence,
    first_value(error_class ORDER BY ts, error_id) FILTER (WHERE root_cause) AS error_class,
    array_agg(DISTINCT service_name ORDER BY service_name) FILTER (WHERE service_name IS NOT NULL) AS service_names,
    array_sort(array_distinct(flatten(array_agg(signals)))) AS signals,
    CAST(sum(coalesce(n_records, 1)) AS BIGINT) AS n_records,
    count(*) AS n_errors,
    count(DISTINCT error_group_id) AS n_groups,
    bool_and(handled) AS handled,
    bool_and(recovered) AS recovered,
    max(severity_number) AS severity_number,
    first_value(session_id ORDER BY session_id IS NULL, NOT root_cause, ts, error_id) AS session_id,
    first_value(user_id ORDER BY user_id IS NULL, NOT root_cause, ts, error_id) AS user_id,
    first_value(user_pseudo_id ORDER BY user_pseudo_id IS NULL, NOT root_cause, ts, error_id) AS user_pseudo_id,
    first_value(account_id ORDER BY account_id IS NULL, NOT root_cause, ts, error_id) AS account_id,
    first_value(trace_id ORDER BY trace_id IS NULL, NOT root_cause, ts, error_id) AS trace_id,
    first_value(activity_id ORDER BY activity_id IS NULL, NOT root_cause, ts, error_id) AS activity_id,
    first_value(sample_weight ORDER BY NOT root_cause, ts, error_id) AS sample_weight
FROM errors
WHERE incident_id IS NOT NULL
GROUP BY incident_id
