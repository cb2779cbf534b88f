-- Sessions with the ids that they lack. One row is a session.
-- user_id, account_id and plan_tier are the session's own, else what its pseudonymous id and its user stood for at that time
-- (identities; the source column says identity), else the plan that its account had at that time (account_history;
-- plan_tier_source says account_time). What identities calls a conflict fills nothing outside of its evidence.
WITH known AS (
    SELECT
        s.session_id,
        s.ts,
        coalesce(s.user_id, max(u.resolved_id)) AS user_id
    FROM sessions s
    LEFT JOIN identities u
        ON s.user_id IS NULL
        AND u.id_kind = 'user_pseudo_id' AND u.id = s.user_pseudo_id
        AND s.ts >= u.valid_from AND (u.valid_until IS NULL OR s.ts < u.valid_until)
    GROUP BY s.session_id, s.ts, s.user_id
),
accounted AS (
    SELECT
        s.session_id,
        s.ts,
        k.user_id,
        coalesce(s.account_id, max(a.resolved_id)) AS account_id
    FROM sessions s
    JOIN known k ON k.session_id = s.session_id AND k.ts = s.ts
    LEFT JOIN identities a
        ON s.account_id IS NULL
        AND a.id_kind = 'user_id' AND a.id = k.user_id
        AND s.ts >= a.valid_from AND (a.valid_until IS NULL OR s.ts < a.valid_until)
    GROUP BY s.session_id, s.ts, k.user_id, s.account_id
)
SELECT
    s.* REPLACE (
        i.user_id AS user_id,
        CASE WHEN s.user_id IS NULL AND i.user_id IS NOT NULL THEN 'identity' ELSE s.user_id_source END AS user_id_source,
        i.account_id AS account_id,
        CASE WHEN s.account_id IS NULL AND i.account_id IS NOT NULL THEN 'identity' ELSE s.account_id_source END
            AS account_id_source,
        coalesce(s.plan_tier, h.plan_tier) AS plan_tier
    ),
    CASE
        WHEN s.plan_tier IS NOT NULL THEN 'own'
        WHEN h.plan_tier IS NOT NULL THEN 'account_time'
    END AS plan_tier_source
FROM sessions s
JOIN accounted i ON i.session_id = s.session_id AND i.ts = s.ts
LEFT JOIN account_history h
    ON i.account_id = h.account_id AND s.ts >= h.valid_from AND (h.valid_until IS NULL OR s.ts < h.valid_until)
