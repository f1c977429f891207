-- What all customers brought in each of the twelve months before a forecast starts.
SELECT
    month,
    net_value_total AS net_value
FROM clv.realised_month
WHERE
    value_basis = 'net_revenue'
    AND month < cast(:as_of AS date)
    AND month >= cast(:as_of AS date) - interval '12 months'
ORDER BY month;
