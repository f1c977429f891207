-- What each customer brought, and is expected to bring, month by month.
SELECT
    customer_id,
    month,
    net_value,
    'came' AS kind
FROM clv.actual
UNION ALL
SELECT
    customer_id,
    month,
    expected_net_value AS net_value,
    'expected' AS kind
FROM clv.forecast_monthly
WHERE as_of = (
    SELECT max(runs.as_of) FROM clv.runs
    WHERE runs.status = 'published'
)
