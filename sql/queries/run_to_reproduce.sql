-- What is needed to make a run's forecast again, and what it came to.
SELECT
    run.as_of,
    run.value_basis,
    run.source,
    run.code_version,
    run.model_name,
    run.model_version,
    run.first_month_version,
    run.lake_versions,
    run.forecast_fingerprint,
    runs.content_hash
FROM clv.run
INNER JOIN clv.all_runs AS runs ON run.run_id = runs.run_id
WHERE run.run_id = :run_id;
