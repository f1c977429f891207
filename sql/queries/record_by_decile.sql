-- Mean forecast and mean actual value of each decile over a horizon, of all forecasts that were over by a day.
SELECT
    segment AS decile,
    sum(forecast_total) / sum(customers) AS mean_forecast,
    sum(actual_total) / sum(customers) AS mean_actual
FROM clv.accuracy
WHERE
    segment_by = 'decile'
    AND candidate = 'forecast'
    AND horizon_months = :months
    AND as_of + horizon_months * interval '1 month' <= cast(:as_of AS date)
GROUP BY segment
ORDER BY segment;
