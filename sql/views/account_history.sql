-- What an account was, and when. One row is a state of an account, in force from valid_from (inclusive) to valid_until
-- (exclusive; NULL for the state that still holds).
-- mrr is monthly recurring revenue in currency.
SELECT
    account_id,
    ts AS valid_from,
    lead(ts) OVER (PARTITION BY account_id ORDER BY ts, load_id) AS valid_until,
    account_name, plan_tier, mrr, currency, owner, region, status, attributes
FROM account_updates
WHERE account_id IS NOT NULL
