-- Every forecast that was ever loaded: its month, run and content hash.
SELECT
    run.as_of,
    run.value_basis,
    run.run_id,
    forecast_load.content_hash
FROM clv.forecast_load
INNER JOIN clv.run ON forecast_load.run_id = run.run_id
ORDER BY forecast_load.load_id;
