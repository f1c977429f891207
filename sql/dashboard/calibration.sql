-- Deciles of the newest forecast that has matured over each horizon: what was forecast, and what came.
SELECT
    accuracy.as_of,
    accuracy.horizon_months,
    accuracy.segment AS decile,
    outcome.kind,
    outcome.net_value
FROM clv.accuracy
CROSS JOIN
    LATERAL (
        VALUES ('forecast', accuracy.forecast_total), ('came', accuracy.actual_total)
    ) AS outcome (kind, net_value)
WHERE
    accuracy.segment_by = 'decile'
    AND accuracy.candidate = 'forecast'
    AND (accuracy.horizon_months, accuracy.as_of) IN (
        SELECT
            newest.horizon_months,
            max(newest.as_of) AS as_of
        FROM clv.accuracy AS newest
        GROUP BY newest.horizon_months
    )
