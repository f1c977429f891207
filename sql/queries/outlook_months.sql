-- The forecast months of a run that readers see, beside what was forecast of them a month before.
SELECT
    ours.month,
    ours.net_value,
    ours.p10,
    ours.p90,
    earlier.net_value AS net_value_before
FROM clv.forecast_total_monthly AS ours
LEFT JOIN clv.forecast_total_monthly AS earlier
    ON
        earlier.as_of = ours.as_of - interval '1 month'
        AND ours.month = earlier.month
        AND ours.segment_by = earlier.segment_by
WHERE ours.run_id = :run_id AND ours.segment_by = 'all'
ORDER BY ours.month;
