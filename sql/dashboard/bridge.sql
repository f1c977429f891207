-- Why the newest month's total is another than the month before: its two ends, and the changes between them.
SELECT
    to_char(step_order, 'FM00') || ' ' || replace(replace(step, 'months_', ''), '_', ' ') AS step,
    step_order,
    net_value,
    CASE WHEN step IN ('start', 'end') THEN 'total' ELSE 'change' END AS kind,
    customers
FROM clv.bridge
WHERE as_of = (
    SELECT max(runs.as_of) FROM clv.runs
    WHERE runs.status = 'published'
)
