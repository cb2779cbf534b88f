-- What may lie behind a ticket. One row is a session of the ticket's people, or an error that they met, in the 24 hours
-- before the ticket was made; the row of a session has no error_group_id.
-- link is the closest that joins them: trace, session, user, account. lag_ns is the time from session start or error to
-- the ticket, in nanoseconds.
WITH ticket AS (
    SELECT source, ticket_id, coalesce(created_at, ts) AS at, trace_id, session_id, user_id, account_id
    FROM tickets
    WHERE ticket_id IS NOT NULL AND coalesce(created_at, ts) >= TIMESTAMP '2000-01-01 00:00:00Z'
),
candidate AS (
    SELECT ts, ts AS last_at, error_id, trace_id, session_id, user_id, account_id, error_group_id
    FROM errors
    WHERE duplicate_of IS NULL
    UNION ALL
    SELECT ts, ended_at, concat_ws(' ', session_id, ts), NULL, session_id, user_id, account_id, NULL
    FROM sessions
),
linked AS (
    SELECT t.source, t.ticket_id, t.at, c.*, 1 AS distance
    FROM ticket t JOIN candidate c ON c.trace_id = t.trace_id AND c.ts <= t.at AND c.last_at >= t.at - INTERVAL '24 hours'
    UNION ALL
    SELECT t.source, t.ticket_id, t.at, c.*, 2
    FROM ticket t JOIN candidate c ON c.session_id = t.session_id AND c.ts <= t.at AND c.last_at >= t.at - INTERVAL '24 hours'
    UNION ALL
    SELECT t.source, t.ticket_id, t.at, c.*, 3
    FROM ticket t JOIN candidate c ON c.user_id = t.user_id AND c.ts <= t.at AND c.last_at >= t.at - INTERVAL '24 hours'
    UNION ALL
    SELECT t.source, t.ticket_id, t.at, c.*, 4
    FROM ticket t JOIN candidate c ON c.account_id = t.account_id AND c.ts <= t.at AND c.last_at >= t.at - INTERVAL '24 hours'
)
SELECT
    ticket_id,
    session_id,
    trace_id,
    error_group_id,
    CASE min(distance) WHEN 1 THEN 'trace' WHEN 2 THEN 'session' WHEN 3 THEN 'user' ELSE 'account' END AS link,
    (at::bigint - ts::bigint) * 1000 AS lag_ns,
    source
FROM linked
GROUP BY source, ticket_id, at, error_id, ts, session_id, trace_id, error_group_id
