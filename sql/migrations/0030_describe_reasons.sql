-- The first reason is no longer that of the strongest effect; and what there is one of for each value basis.
SET LOCAL ROLE clv_owner;

COMMENT ON COLUMN clv.forecast_rows.reason_1 IS
'Most telling reason why clv_12m is higher or lower than the typical buyer''s';
COMMENT ON COLUMN clv.forecast.reason_1 IS
'Most telling reason why clv_12m is higher or lower than the typical buyer''s';
COMMENT ON COLUMN clv.forecast_current.reason_1 IS
'Most telling reason why clv_12m is higher or lower than the typical buyer''s';
COMMENT ON COLUMN clv.first_month_rows.reason_1 IS
'Most telling reason why clv_12m is higher or lower than the typical new customer''s';
COMMENT ON COLUMN clv.first_month_open.reason_1 IS
'Most telling reason why clv_12m is higher or lower than the typical new customer''s';
COMMENT ON COLUMN clv.first_month.reason_1 IS
'Most telling reason why clv_12m is higher or lower than the typical new customer''s';
COMMENT ON COLUMN clv.margin_forecast.reason_1 IS
'Most telling reason why clv_12m is higher or lower than the typical buyer''s';
COMMENT ON COLUMN clv.margin_forecast_current.reason_1 IS
'Most telling reason why clv_12m is higher or lower than the typical buyer''s';

COMMENT ON VIEW clv.runs IS
'Every run on net revenue: how it stands, and what it published. Shows how fresh the forecast is';
COMMENT ON FUNCTION clv.claim_month(date, bigint) IS
'Hold the month until the transaction ends, and refuse a run that is not the newest one planned for it in its value '
'basis, or was taken back';
