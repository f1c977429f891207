-- The first reason is no longer that of the strongest effect.
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
