-- The version that was decided to forecast a run. No row where that has not been decided.
SELECT forecast_by
FROM clv.model_decision
WHERE run_id = :run_id;
