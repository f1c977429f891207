-- What each tier was expected to bring in twelve months, month by month.
SELECT
    as_of,
    net_value,
    'tier ' || segment AS tier
FROM clv.forecast_total
WHERE segment_by = 'tier' AND horizon_months = 12
