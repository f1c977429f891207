-- Why the newest month's total is another than the month before.
SELECT
    to_char(step_order, 'FM00') || ' ' || step AS step,
    step_order,
    net_value,
    customers
FROM clv.bridge
WHERE as_of = (
    SELECT max(runs.as_of) FROM clv.runs
    WHERE runs.status = 'published'
) AND step <> 'end'
