-- The steps from the total of the month before to the one that a run has published.
SELECT
    bridge.step,
    bridge.net_value,
    bridge.customers
FROM (
    SELECT * FROM clv.bridge
    UNION ALL
    SELECT * FROM clv.margin_bridge
) AS bridge
WHERE bridge.run_id = :run_id
ORDER BY bridge.step_order;
