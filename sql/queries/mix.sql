-- How many customers of published months are in each segment.
SELECT
    as_of,
    segment_by,
    segment,
    customers
FROM clv.forecast_total
WHERE
    horizon_months = 12
    AND segment_by <> 'all'
    AND as_of >= :first_as_of
    AND as_of <= :last_as_of
ORDER BY segment_by, segment, as_of;
