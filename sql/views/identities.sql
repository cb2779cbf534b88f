-- Who somebody was, and when. One row is an id that stood for another over a time: a pseudonymous id for a user, or a user
-- for an account, in force from valid_from (inclusive) to valid_until (exclusive; NULL where it still holds).
-- The evidence is the sessions that carry both ids. A pseudonymous id that only ever became one user is that user from its
-- first session on. One that became several is each of them from the first to the last session that says so in a row, and
-- nobody in between: conflict is true, and nothing is guessed. A user's account holds from the first session that says so
-- until the next account's first, and is a conflict where an earlier account comes back. n_sessions counts the evidence.
WITH evidence AS (
    SELECT 'user_pseudo_id' AS id_kind, user_pseudo_id AS id, 'user_id' AS resolved_kind, user_id AS resolved_id, ts, ended_at
    FROM sessions
    WHERE user_pseudo_id IS NOT NULL AND user_id IS NOT NULL
    UNION ALL
    SELECT 'user_id', user_id, 'account_id', account_id, ts, ended_at
    FROM sessions
    WHERE user_id IS NOT NULL AND account_id IS NOT NULL
),
changes AS (
    SELECT
        *,
        CASE
            WHEN resolved_id IS DISTINCT FROM lag(resolved_id) OVER (PARTITION BY id_kind, id ORDER BY ts, resolved_id) THEN 1
            ELSE 0
        END AS begins
    FROM evidence
),
numbered AS (
    SELECT *, sum(begins) OVER (PARTITION BY id_kind, id ORDER BY ts, resolved_id ROWS UNBOUNDED PRECEDING) AS run
    FROM changes
),
runs AS (
    SELECT
        id_kind, id, resolved_kind, resolved_id, run,
        min(ts) AS first_ts,
        max(ended_at) AS last_ts,
        count(*) AS n_sessions
    FROM numbered
    GROUP BY id_kind, id, resolved_kind, resolved_id, run
),
totals AS (
    SELECT id_kind, id, count(*) AS n_runs, count(DISTINCT resolved_id) AS n_ids
    FROM runs
    GROUP BY id_kind, id
),
first_seen AS (
    SELECT user_pseudo_id AS id, min(ts) AS ts
    FROM sessions
    WHERE user_pseudo_id IS NOT NULL
    GROUP BY user_pseudo_id
)
SELECT
    r.id_kind,
    r.id,
    r.resolved_kind,
    r.resolved_id,
    CASE WHEN r.id_kind = 'user_pseudo_id' AND t.n_ids = 1 THEN f.ts ELSE r.first_ts END AS valid_from,
    CASE
        WHEN r.id_kind = 'user_pseudo_id' AND t.n_ids = 1 THEN NULL
        WHEN r.id_kind = 'user_id' AND t.n_runs = t.n_ids
            THEN lead(r.first_ts) OVER (PARTITION BY r.id_kind, r.id ORDER BY r.run)
        ELSE r.last_ts + INTERVAL '1 microsecond'
    END AS valid_until,
    CASE WHEN r.id_kind = 'user_pseudo_id' THEN t.n_ids > 1 ELSE t.n_runs > t.n_ids END AS conflict,
    r.n_sessions
FROM runs r
JOIN totals t ON t.id_kind = r.id_kind AND t.id = r.id
LEFT JOIN first_seen f ON r.id_kind = 'user_pseudo_id' AND f.id = r.id
