-- How right each forecast was that has matured, beside what the trailing year would have said of the same months.
SELECT
    accuracy.as_of,
    accuracy.horizon_months,
    accuracy.candidate,
    accuracy.total_ratio,
    accuracy.wape,
    -- Padded, so that the order of the names is that of the horizons.
    CASE accuracy.horizon_months WHEN 1 THEN ' 1 month' ELSE lpad(accuracy.horizon_months::text, 2) || ' months' END
        AS horizon,
    accuracy.wape / nullif(trailing_year.wape, 0) AS wape_over_trailing_year
FROM clv.accuracy
LEFT JOIN clv.accuracy AS trailing_year
    ON
        accuracy.as_of = trailing_year.as_of
        AND accuracy.horizon_months = trailing_year.horizon_months
        AND accuracy.segment_by = trailing_year.segment_by
        AND trailing_year.candidate = 'trailing_year'
WHERE accuracy.segment_by = 'all'
