-- The registered model a run scores with, once that is decided. Publishing refuses a forecast made by another version.
UPDATE clv.run
SET
    model_name = :model_name,
    model_version = :model_version
WHERE run_id = :run_id;
