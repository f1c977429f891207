-- Deciles of the newest forecast over the longest horizon that has matured: what was forecast, and what came.
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
    AND (accuracy.horizon_months, accuracy.as_of) = (
        SELECT
            newest.horizon_months,
            newest.as_of
        FROM clv.accuracy AS newest
        ORDER BY newest.horizon_months DESC, newest.as_of DESC
        LIMIT 1
    )
