-- A customer's published forecast of a month, with every column that the view has: an interval is a pair of columns.
SELECT
    forecast.*, -- noqa: AM04
    known.tier,
    known.tier_before
FROM clv.forecast
LEFT JOIN clv.customer AS known ON forecast.as_of = known.as_of AND forecast.customer_id = known.customer_id
WHERE forecast.as_of = :as_of AND forecast.customer_id = :customer_id;
