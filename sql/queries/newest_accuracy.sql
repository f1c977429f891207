-- How right the newest published forecast whose months are over was, over each horizon, beside the trailing year.
WITH measured AS (
    SELECT
        as_of,
        horizon_months,
        segment_by,
        candidate,
        total_ratio,
        wape
    FROM clv.accuracy
    WHERE :value_basis = 'net_revenue'
    UNION ALL
    SELECT
        as_of,
        horizon_months,
        segment_by,
        candidate,
        total_ratio,
        wape
    FROM clv.margin_accuracy
    WHERE :value_basis = 'margin'
)

SELECT DISTINCT ON (ours.horizon_months)
    ours.as_of,
    ours.horizon_months,
    ours.total_ratio,
    ours.wape,
    by_last_year.wape AS trailing_year_wape
FROM measured AS ours
LEFT JOIN measured AS by_last_year
    ON
        ours.as_of = by_last_year.as_of
        AND ours.horizon_months = by_last_year.horizon_months
        AND ours.segment_by = by_last_year.segment_by
        AND by_last_year.candidate = 'trailing_year'
WHERE ours.segment_by = 'all' AND ours.candidate = 'forecast'
ORDER BY ours.horizon_months ASC, ours.as_of DESC;
