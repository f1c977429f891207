-- The version of clv_first_month a run forecasts new customers with; null where the standard forecasts stand in.
UPDATE clv.run
SET first_month_version = :model_version
WHERE run_id = :run_id;
