-- What has drifted in the month that a run has published, the furthest first.
SELECT
    drift.kind,
    drift.name,
    drift.statistic,
    drift.value,
    drift.threshold
FROM (
    SELECT * FROM clv.drift
    UNION ALL
    SELECT * FROM clv.margin_drift
) AS drift
WHERE drift.run_id = :run_id AND drift.is_drifted
ORDER BY drift.value DESC, drift.kind ASC, drift.name ASC;
