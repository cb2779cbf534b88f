-- Session events with the ids that they lack. One row is a row of events.
-- session_id, user_id, account_id are the row's own, else those of its trace, else those of its session; each source
-- column says which: own, trace, session, gap (a session made by inactivity). Evidence that disagrees fills nothing.
SELECT
    r.* REPLACE (
        coalesce(r.session_id, t.session_id, g.session_id) AS session_id,
        coalesce(r.user_id, t.user_id, s.user_id, g.user_id) AS user_id,
        coalesce(r.account_id, t.account_id, s.account_id, g.account_id) AS account_id
    ),
    CASE
        WHEN r.session_id IS NOT NULL THEN 'own'
        WHEN t.session_id IS NOT NULL THEN CASE WHEN t.session_id_source = 'gap' THEN 'gap' ELSE 'trace' END
        WHEN g.session_id IS NOT NULL THEN 'gap'
    END AS session_id_source,
    CASE
        WHEN r.user_id IS NOT NULL THEN 'own'
        WHEN t.user_id IS NOT NULL THEN CASE WHEN t.user_id_source IN ('session', 'gap') THEN t.user_id_source ELSE 'trace' END
        WHEN s.user_id IS NOT NULL THEN 'session'
        WHEN g.user_id IS NOT NULL THEN 'gap'
    END AS user_id_source,
    CASE
        WHEN r.account_id IS NOT NULL THEN 'own'
        WHEN t.account_id IS NOT NULL THEN CASE WHEN t.account_id_source IN ('session', 'gap') THEN t.account_id_source ELSE 'trace' END
        WHEN s.account_id IS NOT NULL THEN 'session'
        WHEN g.account_id IS NOT NULL THEN 'gap'
    END AS account_id_source,
    coalesce(s.valid_from, t.session_started_at, g.ts) AS session_started_at
FROM events r
LEFT JOIN trace_periods t
    ON r.trace_id = t.trace_id AND r.ts >= t.valid_from AND (t.valid_until IS NULL OR r.ts < t.valid_until)
LEFT JOIN session_periods s
    ON coalesce(r.session_id, t.session_id) = s.session_id
    AND r.ts >= s.valid_from AND (s.valid_until IS NULL OR r.ts < s.valid_until)
LEFT JOIN (
    SELECT session_id, ts, ended_at, user_id, account_id, coalesce(user_id, user_pseudo_id) AS person
    FROM sessions
    WHERE session_id_source = 'gap'
) g
    ON coalesce(r.session_id, t.session_id) IS NULL
    AND coalesce(r.user_id, t.user_id, r.user_pseudo_id) = g.person
    AND r.ts BETWEEN g.ts AND g.ended_at
