-- Customers of the newest month by the tier before and the tier now.
SELECT
    'tier ' || tier_before AS tier_before,
    'tier ' || tier AS tier,
    count(*) AS customers,
    sum(clv_12m) AS clv_12m
FROM clv.customer_current
WHERE tier_before IS NOT NULL
GROUP BY tier_before, tier
