-- Errors that have one cause. One row is an error group.
-- title is that of its earliest occurrence: the short type and the message template, or what a rule of errors.toml says;
-- introduced_in is the service version that it was first seen in. state is what error_group_states says of groups of
-- which people decided something, with its state_reason; of the others it is new in the 7 days after first_seen_at, by
-- the newest row of logs, spans and events, then open, and state_reason names the group that one was split from. Counts leave out repeats of one occurrence (duplicate_of), so a
-- group of nothing but repeats has 0; n_occurrences is an estimate where telemetry is sampled: each occurrence counts as
-- many as it stands for (sample_weight); n_tickets counts the tickets that have the group in ticket_context. Times leave
-- out errors without a usable time.
-- Errors occur without a fault too: baseline_per_hour is how many failures an hour began with the group before the last 24
-- hours of the telemetry, and excess_last_day how many more began with it in these 24 hours than that leads to expect, by weight as well.
-- Only minutes in which there are logs, spans or events count; where there are errors alone, all minutes between the first
-- and the last of them. Both are NULL where there is no such minute before;
-- error_excess does so for any period, to the microsecond and with intervals.
WITH newest AS (
    SELECT max(newest_at) AS newest_at
    FROM (
        SELECT max(ts) AS newest_at FROM logs WHERE day > DATE '1970-01-01'
        UNION ALL
        SELECT max(ts) FROM spans WHERE day > DATE '1970-01-01'
        UNION ALL
        SELECT max(ts) FROM events WHERE day > DATE '1970-01-01'
    ) AS telemetry
),
well AS (
    SELECT count(*) > 0 AS is_there
    FROM (
        (SELECT 1 AS one FROM spans WHERE day > DATE '1970-01-01' LIMIT 1)
        UNION ALL
        (SELECT 1 FROM logs WHERE day > DATE '1970-01-01' AND exception_type IS NULL AND coalesce(severity_number, 0) < 17 LIMIT 1)
        UNION ALL
        (SELECT 1 FROM events WHERE day > DATE '1970-01-01' AND event_kind IS DISTINCT FROM 'error' LIMIT 1)
    ) AS one_each
),
minutes AS (
    SELECT CAST(ts AS BIGINT) / 60000000 AS minute FROM logs WHERE day > DATE '1970-01-01'
    UNION
    SELECT CAST(ts AS BIGINT) / 60000000 FROM spans WHERE day > DATE '1970-01-01'
    UNION
    SELECT CAST(ts AS BIGINT) / 60000000 FROM events WHERE day > DATE '1970-01-01'
),
seen AS (
    SELECT
        CASE WHEN w.is_there THEN m.n_before WHEN m.first < m.last_day THEN greatest(least(m.last_day, m.until) - m.first, 1) ELSE 0 END AS n_before,
        CASE WHEN w.is_there THEN m.n_last_day ELSE greatest(m.until - greatest(m.last_day, m.first), 0) END AS n_last_day
    FROM (
        SELECT
            CAST(count(*) FILTER (WHERE m.minute * 60000000 <= n.last_day) AS DOUBLE) AS n_before,
            CAST(count(*) FILTER (WHERE m.minute * 60000000 > n.last_day) AS DOUBLE) AS n_last_day,
            CAST(min(m.minute) AS DOUBLE) AS first,
            CAST(max(m.minute) + 1 AS DOUBLE) AS until,
            CAST(max(n.last_day) AS DOUBLE) / 60000000 AS last_day
        FROM minutes m CROSS JOIN (SELECT CAST(newest_at - INTERVAL '1 day' AS BIGINT) AS last_day FROM newest) AS n
    ) AS m CROSS JOIN well w
),
earliest AS (
    SELECT
        error_group_id,
        first_value(title ORDER BY ts, error_id) AS title,
        first_value(culprit ORDER BY ts, error_id) AS culprit,
        first_value(error_class ORDER BY ts, error_id) AS error_class,
        first_value(service_version ORDER BY service_version IS NULL, ts, error_id) AS introduced_in,
        min(ts) FILTER (WHERE day > DATE '1970-01-01') AS first_seen_at,
        max(ts) FILTER (WHERE day > DATE '1970-01-01') AS last_seen_at,
        array_agg(DISTINCT service_name ORDER BY service_name) FILTER (WHERE service_name IS NOT NULL) AS service_names,
        CAST(round(coalesce(sum(coalesce(sample_weight, 1)) FILTER (WHERE duplicate_of IS NULL), 0)) AS BIGINT) AS n_occurrences,
        count(DISTINCT session_id) FILTER (WHERE duplicate_of IS NULL) AS n_sessions,
        count(DISTINCT coalesce(user_id, user_pseudo_id)) FILTER (WHERE duplicate_of IS NULL) AS n_users,
        count(DISTINCT account_id) FILTER (WHERE duplicate_of IS NULL) AS n_accounts,
        coalesce(sum(coalesce(sample_weight, 1)) FILTER (WHERE root_cause AND day > DATE '1970-01-01' AND ts <= newest_at - INTERVAL '1 day'), 0) AS n_before,
        coalesce(sum(coalesce(sample_weight, 1)) FILTER (WHERE root_cause AND ts > newest_at - INTERVAL '1 day'), 0) AS n_last_day
    FROM errors CROSS JOIN newest
    WHERE error_group_id IS NOT NULL
    GROUP BY error_group_id
),
ticketed AS (
    SELECT error_group_id, count(DISTINCT concat_ws(' ', source, ticket_id)) AS n_tickets
    FROM ticket_context
    WHERE error_group_id IS NOT NULL
    GROUP BY error_group_id
)
SELECT
    e.error_group_id,
    e.title,
    e.culprit,
    e.error_class,
    CASE
        WHEN s.state IS NOT NULL THEN s.state
        WHEN e.first_seen_at >= n.newest_at - INTERVAL '7 days' THEN 'new'
        ELSE 'open'
    END AS state,
    e.first_seen_at,
    e.last_seen_at,
    e.introduced_in,
    e.service_names,
    e.n_occurrences,
    e.n_sessions,
    e.n_users,
    e.n_accounts,
    coalesce(t.n_tickets, 0) AS n_tickets,
    coalesce(s.state_reason, 'split from ' || error_group_split_from(e.error_group_id)) AS state_reason,
    e.n_before * 60 / nullif((SELECT n_before FROM seen), 0) AS baseline_per_hour,
    e.n_last_day - e.n_before * (SELECT n_last_day / nullif(n_before, 0) FROM seen) AS excess_last_day
FROM earliest e
CROSS JOIN newest n
LEFT JOIN ticketed t ON t.error_group_id = e.error_group_id
LEFT JOIN error_group_states s ON s.error_group_id = e.error_group_id
