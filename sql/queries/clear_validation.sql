-- Make room for what the validation of a stage of a run found.
SELECT clv.clear_validation(:run_id, :stage);
