-- How services are sampled. One row is a service with requests.
-- A request of weight w stands for w requests. n_failed and n_ok count stored requests with and without an error, n_failed_estimated
-- and n_ok_estimated what they stand for; weight_failed and weight_ok are mean weights. unequal is true where failed and
-- other requests are sampled differently by more than a tenth (as tail sampling that keeps errors does): counts by weight
-- stay right then, shares of stored rows do not.
SELECT
    service_name,
    n_failed,
    n_ok,
    n_failed_estimated,
    n_ok_estimated,
    n_failed_estimated / nullif(n_failed, 0) AS weight_failed,
    n_ok_estimated / nullif(n_ok, 0) AS weight_ok,
    coalesce(
        abs(n_failed_estimated / nullif(n_failed, 0) - n_ok_estimated / nullif(n_ok, 0))
            > 0.1 * least(n_failed_estimated / nullif(n_failed, 0), n_ok_estimated / nullif(n_ok, 0)),
        false
    ) AS unequal
FROM (
    SELECT
        service_name,
        count(*) FILTER (WHERE n_errors > 0) AS n_failed,
        count(*) FILTER (WHERE n_errors = 0) AS n_ok,
        coalesce(sum(coalesce(sample_weight, 1)) FILTER (WHERE n_errors > 0), 0) AS n_failed_estimated,
        coalesce(sum(coalesce(sample_weight, 1)) FILTER (WHERE n_errors = 0), 0) AS n_ok_estimated
    FROM activities
    WHERE activity_kind = 'request'
    GROUP BY service_name
) AS counted
