-- What is needed to make the forecast again that a run published last, and what it came to.
SELECT
    run.as_of,
    run.value_basis,
    run.source,
    run.code_version,
    run.model_name,
    run.lake_versions,
    forecast_load.model_version,
    forecast_load.lake_fingerprint,
    forecast_load.content_hash,
    EXISTS(SELECT FROM clv.erasures) AS has_erasures
FROM clv.run
INNER JOIN clv.forecast_load ON run.run_id = forecast_load.run_id
WHERE run.run_id = :run_id
ORDER BY forecast_load.load_id DESC
LIMIT 1;
