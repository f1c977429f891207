-- What all customers brought in each of the twelve months before a forecast starts.
SELECT
    month,
    net_value_total AS net_value
FROM clv.actual_month
WHERE month < cast(:as_of AS date) AND month >= cast(:as_of AS date) - interval '12 months'
ORDER BY month;
