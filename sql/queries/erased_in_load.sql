-- How many rows of a load are of customers who were erased.
SELECT count(*) AS erased
FROM clv.forecast_rows
WHERE
    forecast_rows.load_id = :load_id
    AND EXISTS (SELECT FROM clv.erased_customer)
    AND clv.hash_of_customer(forecast_rows.customer_id) IN (
        SELECT erased_customer.customer_hash FROM clv.erased_customer
    );
