-- How a planned run goes. No row for a run of the margin.
SELECT
    run_id,
    status,
    data_month,
    model_version,
    forecast_rows,
    published_at
FROM clv.runs
WHERE run_id = :run_id;
