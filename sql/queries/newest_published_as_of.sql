-- The month clv.forecast_current shows; empty while nothing is published.
SELECT max(as_of) AS as_of
FROM clv.published;
