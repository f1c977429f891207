-- What the gate decided for a run, or somebody by hand (run_id is NULL). A gate that runs again has decided already.
INSERT INTO clv.model_decision (
    run_id,
    as_of,
    model_name,
    model_version,
    decision,
    forecast_by,
    champion_before,
    champion_after,
    reasons,
    decided_by
)
VALUES (
    :run_id,
    :as_of,
    :model_name,
    :model_version,
    :decision,
    :forecast_by,
    :champion_before,
    :champion_after,
    :reasons,
    :decided_by
)
ON CONFLICT (run_id, model_name, model_version) DO NOTHING
RETURNING decision_id;
