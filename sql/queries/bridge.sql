-- The steps from the total of the month before to the one that a run has published.
SELECT
    step,
    net_value,
    customers
FROM clv.bridge
WHERE run_id = :run_id
ORDER BY step_order;
