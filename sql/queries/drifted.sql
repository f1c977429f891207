-- What has drifted in the month that a run has published, the furthest first.
SELECT
    kind,
    name,
    statistic,
    value,
    threshold
FROM clv.drift
WHERE run_id = :run_id AND is_drifted
ORDER BY value DESC, kind ASC, name ASC;
