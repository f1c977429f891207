-- Customers of the month that a run has published, by value tier: where they were in the month before.
SELECT
    tier,
    count(*) AS customers,
    count(*) FILTER (WHERE tier_before = tier) AS stayed,
    count(*) FILTER (WHERE tier_before > tier) AS from_lower,
    count(*) FILTER (WHERE tier_before < tier) AS from_higher,
    count(*) FILTER (WHERE tier_before IS NULL) AS not_known_before
FROM clv.customer
WHERE run_id = :run_id AND tier IS NOT NULL
GROUP BY tier
ORDER BY tier;
