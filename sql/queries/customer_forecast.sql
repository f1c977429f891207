-- A customer's published forecast of a month, with every column that the view has: an interval is a pair of columns.
SELECT forecast.* -- noqa: AM04
FROM clv.forecast
WHERE forecast.as_of = :as_of AND forecast.customer_id = :customer_id;
