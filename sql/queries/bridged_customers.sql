-- What the bridge reads of each customer of a load: amounts in cents.
SELECT
    customer_id,
    status,
    (clv_12m * 100)::bigint AS clv_12m,
    (month_01 * 100)::bigint AS month_01,
    (month_12 * 100)::bigint AS month_12
FROM clv.forecast_rows
WHERE load_id = :load_id
ORDER BY customer_id;
