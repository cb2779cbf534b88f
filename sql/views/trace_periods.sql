-- Which ids a trace has, and when. One row is a trace, in force from valid_from (inclusive) to valid_until (exclusive;
-- NULL where the same trace id never begins anew).
SELECT
    trace_id,
    ts AS valid_from,
    lead(ts) OVER (PARTITION BY trace_id ORDER BY ts) AS valid_until,
    session_id, session_id_source, user_id, user_id_source, account_id, account_id_source, session_started_at
FROM traces
WHERE trace_id IS NOT NULL
