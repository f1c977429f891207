-- A run, how it stands and what it published.
SELECT
    runs.run_id,
    runs.as_of,
    runs.data_month,
    runs.status,
    runs.trigger,
    runs.model_version,
    runs.forecast_rows,
    runs.clv_12m_total,
    runs.content_hash,
    run.source,
    run.currency
FROM clv.runs
INNER JOIN clv.run ON runs.run_id = run.run_id
WHERE runs.run_id = :run_id;
