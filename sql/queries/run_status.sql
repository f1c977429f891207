-- How a planned run goes.
SELECT
    run_id,
    status,
    data_month,
    model_version,
    forecast_rows,
    published_at
FROM clv.all_runs
WHERE run_id = :run_id;
