-- Totals of the twelve months of the newest month, by segment.
SELECT
    data_month,
    as_of,
    horizon_months,
    segment_by,
    segment,
    customers,
    net_value,
    p10,
    p90,
    currency,
    run_id
FROM clv.forecast_total
WHERE as_of = (
    SELECT max(runs.as_of) FROM clv.runs
    WHERE runs.status = 'published'
) AND horizon_months = 12
