-- Which error groups meet most sessions, with their people, accounts and times.
-- ordered
SELECT
    error_group_id,
    count(*) AS n_occurrences,
    count(DISTINCT session_id) AS n_sessions,
    count(DISTINCT user_id) AS n_users,
    count(DISTINCT account_id) AS n_accounts,
    min(ts) AS first_seen_at,
    max(ts) AS last_seen_at
FROM errors
WHERE error_group_id IS NOT NULL AND duplicate_of IS NULL
GROUP BY error_group_id
ORDER BY n_sessions DESC, error_group_id
LIMIT 100
