-- Who bears the brunt of an error. One row is an error group and an account that met it.
-- plan_tier and mrr (monthly recurring revenue, in currency) are the account's latest. lost_conversions is its share of
-- what the group costs over all journeys (error_impact_default), by the people of it among all who met the group; NULL where
-- that is not estimated. n_open_tickets counts the account's tickets that are not solved or closed and have the group in
-- ticket_context.
WITH met AS (
    SELECT
        error_group_id,
        account_id,
        first_value(plan_tier ORDER BY ts DESC, error_id) AS plan_tier,
        count(DISTINCT coalesce(user_id, user_pseudo_id)) AS n_users,
        count(DISTINCT session_id) AS n_sessions,
        CAST(round(sum(coalesce(sample_weight, 1))) AS BIGINT) AS n_occurrences,
        max(ts) AS last_seen_at
    FROM errors
    WHERE error_group_id IS NOT NULL AND account_id IS NOT NULL AND duplicate_of IS NULL
    GROUP BY error_group_id, account_id
),
people AS (
    SELECT error_group_id, count(DISTINCT coalesce(user_id, user_pseudo_id)) AS n_users
    FROM errors
    WHERE error_group_id IS NOT NULL AND duplicate_of IS NULL
    GROUP BY error_group_id
),
cost AS (
    SELECT error_group_id, sum(lost_conversions) AS lost_conversions
    FROM error_impact_default
    GROUP BY error_group_id
),
open_tickets AS (
    SELECT c.error_group_id, t.account_id, count(DISTINCT concat_ws(' ', t.source, t.ticket_id)) AS n_open_tickets
    FROM ticket_context c
    JOIN tickets t ON (t.source IS NOT DISTINCT FROM c.source) AND t.ticket_id = c.ticket_id
    WHERE c.error_group_id IS NOT NULL
        AND t.solved_at IS NULL
        AND coalesce(lower(t.status), 'open') NOT IN ('solved', 'closed', 'resolved', 'done')
    GROUP BY c.error_group_id, t.account_id
)
SELECT
    m.error_group_id,
    m.account_id,
    coalesce(a.plan_tier, m.plan_tier) AS plan_tier,
    a.mrr,
    a.currency,
    m.n_users,
    m.n_sessions,
    m.n_occurrences,
    c.lost_conversions * m.n_users / nullif(p.n_users, 0) AS lost_conversions,
    coalesce(o.n_open_tickets, 0) AS n_open_tickets,
    m.last_seen_at
FROM met m
LEFT JOIN people p ON p.error_group_id = m.error_group_id
LEFT JOIN cost c ON c.error_group_id = m.error_group_id
LEFT JOIN accounts a ON a.account_id = m.account_id
LEFT JOIN open_tickets o ON o.error_group_id = m.error_group_id AND o.account_id = m.account_id
