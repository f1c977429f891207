-- What a run scores with, and the forecast in the lake that it has made or found current.
SELECT
    model_name,
    model_version,
    forecast_fingerprint
FROM clv.run
WHERE run_id = :run_id;
