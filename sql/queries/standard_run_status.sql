-- How a planned standard run goes. No row for a special run.
SELECT
    run_id,
    status,
    data_month,
    model_version,
    forecast_rows,
    published_at
FROM clv.runs
WHERE run_id = :run_id;
