-- How right the newest published forecasts turned out to be that were measured over a horizon, the newest first.
WITH measured AS (
    SELECT DISTINCT as_of
    FROM clv.accuracy
    WHERE horizon_months = :months AND (cast(:as_of AS date) IS NULL OR as_of = :as_of)
    ORDER BY as_of DESC
    LIMIT :page_size
)

SELECT
    ours.data_month,
    ours.as_of,
    ours.segment,
    ours.customers,
    ours.actual_total,
    ours.forecast_total,
    ours.total_ratio,
    ours.total_p10 AS p10,
    ours.total_p90 AS p90,
    ours.total_is_covered,
    ours.wape,
    ours.mae,
    ours.rmse,
    ours.norm_gini,
    ours.decile_mape,
    ours.coverage,
    last_year.forecast_total AS trailing_year_total,
    last_year.wape AS trailing_year_wape,
    ours.currency,
    ours.model_version,
    ours.run_id
FROM clv.accuracy AS ours
INNER JOIN measured ON ours.as_of = measured.as_of
LEFT JOIN clv.accuracy AS last_year
    ON
        ours.as_of = last_year.as_of
        AND ours.horizon_months = last_year.horizon_months
        AND ours.segment_by = last_year.segment_by
        AND ours.segment = last_year.segment
        AND last_year.candidate = 'trailing_year'
WHERE ours.horizon_months = :months AND ours.segment_by = :segment_by AND ours.candidate = 'forecast'
ORDER BY ours.as_of DESC, ours.segment ASC;
