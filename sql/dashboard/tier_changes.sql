-- Customers of the newest month whose tier is another than a month before.
SELECT
    customer_id,
    tier_before,
    tier,
    status,
    net_value_12m,
    clv_12m
FROM clv.customer_current
WHERE tier <> tier_before
