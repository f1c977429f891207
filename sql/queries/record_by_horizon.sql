-- How right all forecasts were together whose months were over by a day, over each horizon, beside the trailing year.
SELECT
    ours.horizon_months,
    count(*) AS forecasts,
    sum(ours.forecast_total) / nullif(sum(ours.actual_total), 0) AS total_ratio,
    sum(ours.absolute_error_total) / nullif(sum(ours.actual_total), 0)::double precision AS wape,
    sum(last_year.absolute_error_total)
    / nullif(sum(last_year.actual_total), 0)::double precision AS trailing_year_wape,
    sum(ours.coverage * ours.customers) / sum(ours.customers) FILTER (WHERE ours.coverage IS NOT NULL) AS coverage,
    count(ours.total_is_covered) AS intervals,
    count(*) FILTER (WHERE ours.total_is_covered) AS covered_totals,
    avg(ours.decile_mape) AS decile_mape
FROM clv.accuracy AS ours
LEFT JOIN clv.accuracy AS last_year
    ON
        ours.as_of = last_year.as_of
        AND ours.horizon_months = last_year.horizon_months
        AND ours.segment_by = last_year.segment_by
        AND last_year.candidate = 'trailing_year'
WHERE
    ours.segment_by = 'all'
    AND ours.candidate = 'forecast'
    AND ours.as_of + ours.horizon_months * interval '1 month' <= cast(:as_of AS date)
GROUP BY ours.horizon_months
ORDER BY ours.horizon_months;
