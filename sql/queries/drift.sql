-- How far the month that a run has published is from the months of the training, the furthest first.
SELECT
    kind,
    name,
    statistic,
    value,
    threshold,
    is_drifted,
    first_as_of,
    last_as_of
FROM clv.drift
WHERE run_id = :run_id
ORDER BY value DESC, kind ASC, name ASC;
