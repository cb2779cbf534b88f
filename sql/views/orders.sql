-- Orders and refunds. One row is an order id and a sign: an order, or what was given back of it.
-- Where several events have the same id, the one with the most columns filled counts, then the earliest.
-- order_value is in currency, negative for a refund.
SELECT
    ts, day, trace_id, span_id, session_id, user_id, user_pseudo_id, account_id, plan_tier, service_name,
    service_version, deployment_environment_name, feature_flags, experiment_bucket, geo_country, device_type,
    browser_name, os_name, app_channel, synthetic_type,
    event_id, event_kind, event_name, order_id, order_value, currency, is_refund AS refund, sample_weight, attributes
FROM (
    SELECT
        *,
        row_number() OVER (PARTITION BY order_id, is_refund ORDER BY n_filled DESC, ts, event_id, trace_id) AS place
    FROM (
        SELECT
            *,
            coalesce(order_value < 0, false) AS is_refund,
            (order_value IS NOT NULL)::int + (currency IS NOT NULL)::int + (trace_id IS NOT NULL)::int
            + (span_id IS NOT NULL)::int + (session_id IS NOT NULL)::int + (user_id IS NOT NULL)::int
            + (user_pseudo_id IS NOT NULL)::int + (account_id IS NOT NULL)::int + (plan_tier IS NOT NULL)::int
            + (service_name IS NOT NULL)::int + (service_version IS NOT NULL)::int
            + (geo_country IS NOT NULL)::int + (device_type IS NOT NULL)::int + (browser_name IS NOT NULL)::int
            + (os_name IS NOT NULL)::int + (app_channel IS NOT NULL)::int + (event_id IS NOT NULL)::int
            + (event_name IS NOT NULL)::int + (attributes IS NOT NULL)::int AS n_filled
        FROM events
        WHERE order_id IS NOT NULL
    )
)
WHERE place = 1
