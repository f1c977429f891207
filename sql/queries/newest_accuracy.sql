-- How right the newest published forecast whose months are over was, over each horizon, beside the trailing year.
SELECT DISTINCT ON (ours.horizon_months)
    ours.as_of,
    ours.horizon_months,
    ours.total_ratio,
    ours.wape,
    trailing.wape AS trailing_year_wape
FROM clv.accuracy AS ours
LEFT JOIN clv.accuracy AS trailing
    ON
        ours.as_of = trailing.as_of
        AND ours.horizon_months = trailing.horizon_months
        AND ours.segment_by = trailing.segment_by
        AND trailing.candidate = 'trailing_year'
WHERE ours.segment_by = 'all' AND ours.candidate = 'forecast'
ORDER BY ours.horizon_months, ours.as_of DESC;
