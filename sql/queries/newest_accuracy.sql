-- How right the newest published forecast whose months are over was, over each horizon, beside the trailing year.
SELECT DISTINCT ON (ours.horizon_months)
    ours.as_of,
    ours.horizon_months,
    ours.total_ratio,
    ours.wape,
    simple.wape AS trailing_year_wape
FROM clv.accuracy AS ours
LEFT JOIN clv.accuracy AS simple
    ON
        ours.as_of = simple.as_of
        AND ours.horizon_months = simple.horizon_months
        AND ours.segment_by = simple.segment_by
        AND simple.candidate = 'trailing_year'
WHERE ours.segment_by = 'all' AND ours.candidate = 'forecast'
ORDER BY ours.horizon_months, ours.as_of DESC;
