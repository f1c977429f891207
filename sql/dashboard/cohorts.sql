-- What the customers of each month of the first order brought in the last twelve months, and are to bring in the next.
SELECT
    coalesce(acquisition_month, 'none yet') AS acquisition_month,
    sum(net_value_12m) AS net_value_12m,
    sum(clv_12m) AS clv_12m
FROM clv.customer_current
GROUP BY acquisition_month
