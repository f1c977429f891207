-- The version of a model that was decided to forecast a run. No row where that has not been decided.
SELECT forecast_by
FROM clv.model_decision
WHERE run_id = :run_id AND model_name = :model_name;
