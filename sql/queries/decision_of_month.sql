-- What the gate decided in a run about the model of the standard forecast, and why; the newest decision.
SELECT
    decision,
    model_version,
    forecast_by,
    champion_before,
    champion_after,
    reasons
FROM clv.model_decisions
WHERE run_id = :run_id AND model_name = :model_name
ORDER BY decision_id DESC
LIMIT 1;
