-- Totals that were forecast over a horizon, with their intervals, and what came, where it was over by a day.
SELECT
    as_of,
    forecast_total,
    actual_total,
    total_p10,
    total_p90,
    total_is_covered
FROM clv.accuracy
WHERE
    segment_by = 'all'
    AND candidate = 'forecast'
    AND horizon_months = :months
    AND as_of + horizon_months * interval '1 month' <= cast(:as_of AS date)
ORDER BY as_of;
