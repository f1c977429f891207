-- How far the month that a run has published is from the months of the training, the furthest first.
SELECT
    drift.kind,
    drift.name,
    drift.statistic,
    drift.value,
    drift.threshold,
    drift.is_drifted,
    drift.first_as_of,
    drift.last_as_of
FROM (
    SELECT * FROM clv.drift
    UNION ALL
    SELECT * FROM clv.margin_drift
) AS drift
WHERE drift.run_id = :run_id
ORDER BY drift.value DESC, drift.kind ASC, drift.name ASC;
