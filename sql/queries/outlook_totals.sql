-- Totals of a run that readers see, beside those of the month before: one row per horizon and segment.
SELECT
    ours.horizon_months,
    ours.segment_by,
    ours.segment,
    ours.customers,
    ours.net_value,
    ours.p10,
    ours.p90,
    earlier.net_value AS net_value_before
FROM clv.forecast_total AS ours
LEFT JOIN clv.forecast_total AS earlier
    ON
        earlier.as_of = ours.as_of - interval '1 month'
        AND ours.horizon_months = earlier.horizon_months
        AND ours.segment_by = earlier.segment_by
        AND ours.segment = earlier.segment
WHERE ours.run_id = :run_id
ORDER BY ours.horizon_months ASC, ours.segment_by ASC, ours.net_value DESC, ours.segment ASC;
