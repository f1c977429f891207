-- Totals of the twelve months of the newest month, by segment.
SELECT *
FROM clv.forecast_total
WHERE as_of = (SELECT max(as_of) FROM clv.runs WHERE status = 'published') AND horizon_months = 12
