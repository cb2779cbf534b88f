-- What each error group cost the checkout: lost conversions and revenue, with intervals, all groups.
-- only brunt
SELECT error_group_id, n_affected, loss_pp, loss_pp_lo, loss_pp_hi, lost_conversions, revenue_at_risk, q_value, accused
FROM error_impact(journey => 'checkout')
