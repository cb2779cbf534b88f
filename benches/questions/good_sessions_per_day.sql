-- Sessions of each day, and how many were good: no error, no rage click, no request above a second.
WITH slowest AS (
    SELECT session_id, max(duration_ns) AS duration_ns
    FROM traces
    WHERE session_id IS NOT NULL
    GROUP BY session_id
)
SELECT
    s.day,
    count(*) AS n_sessions,
    count(*) FILTER (
        WHERE s.n_errors = 0 AND s.rage_clicks = 0 AND coalesce(t.duration_ns, 0) <= 1000000000
    ) AS n_good
FROM sessions s
LEFT JOIN slowest t ON t.session_id = s.session_id
GROUP BY s.day
