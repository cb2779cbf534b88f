-- Who a session belongs to, and when. One row is a session, in force from valid_from (inclusive) to valid_until
-- (exclusive; NULL where the same session id never begins anew).
SELECT
    session_id,
    ts AS valid_from,
    lead(ts) OVER (PARTITION BY session_id ORDER BY ts) AS valid_until,
    user_id, user_pseudo_id, account_id, plan_tier, ended_at
FROM sessions
WHERE session_id IS NOT NULL
