-- How many customers of published months are in each segment, in a value basis.
WITH totals AS (
    SELECT
        as_of,
        horizon_months,
        segment_by,
        segment,
        customers
    FROM clv.forecast_total
    WHERE :value_basis = 'net_revenue'
    UNION ALL
    SELECT
        as_of,
        horizon_months,
        segment_by,
        segment,
        customers
    FROM clv.margin_forecast_total
    WHERE :value_basis = 'margin'
)

SELECT
    as_of,
    segment_by,
    segment,
    customers
FROM totals
WHERE
    horizon_months = 12
    AND segment_by <> 'all'
    AND as_of >= :first_as_of
    AND as_of <= :last_as_of
ORDER BY segment_by, segment, as_of;
