-- Drift is judged once the months of the training hold each season; before that, a young shop drifts every month.
SET LOCAL ROLE clv_owner;

ALTER TABLE clv.drift_rows ALTER COLUMN threshold DROP NOT NULL;

COMMENT ON COLUMN clv.drift_rows.threshold IS
'Value beyond which the distribution counts as drifted; null where the reference is shorter than a year';
COMMENT ON COLUMN clv.drift.threshold IS
'Value beyond which the distribution counts as drifted; null where the reference is shorter than a year';
COMMENT ON COLUMN clv.drift.is_drifted IS 'Whether value is beyond threshold; null where there is none';
COMMENT ON COLUMN clv.margin_drift.threshold IS
'Value beyond which the distribution counts as drifted; null where the reference is shorter than a year';
COMMENT ON COLUMN clv.margin_drift.is_drifted IS 'Whether value is beyond threshold; null where there is none';
