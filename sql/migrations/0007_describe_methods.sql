-- The methods a forecast may be made by.
SET LOCAL ROLE clv_owner;

COMMENT ON COLUMN clv.forecast_rows.method IS 'model, btyd or cohort_prior: how the forecast was made';
COMMENT ON COLUMN clv.forecast.method IS 'model, btyd or cohort_prior: how the forecast was made';
COMMENT ON COLUMN clv.forecast_current.method IS 'model, btyd or cohort_prior: how the forecast was made';
