-- For each ticket the error groups that its account met in the 24 hours before, how often and when last.
SELECT
    t.source,
    t.ticket_id,
    e.error_group_id,
    count(*) AS n_errors,
    max(e.ts) AS last_error_at
FROM tickets t
JOIN errors e
    ON e.account_id = t.account_id
    AND e.ts <= t.ts
    AND e.ts >= t.ts - INTERVAL '24 hours'
WHERE e.duplicate_of IS NULL
GROUP BY t.source, t.ticket_id, e.error_group_id
