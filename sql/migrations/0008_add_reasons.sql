-- Why a customer's forecast is higher or lower than others'. Rows loaded before this stay as they are: without reasons.
SET LOCAL ROLE clv_owner;

ALTER TABLE clv.forecast_rows
ADD COLUMN reason_1 text,
ADD COLUMN reason_2 text,
ADD COLUMN reason_3 text;

COMMENT ON COLUMN clv.forecast_rows.reason_1 IS
'Strongest reason why clv_12m is higher or lower than the typical buyer''s';
COMMENT ON COLUMN clv.forecast_rows.reason_2 IS
'Second reason why clv_12m is higher or lower than the typical buyer''s (null: no more)';
COMMENT ON COLUMN clv.forecast_rows.reason_3 IS
'Third reason why clv_12m is higher or lower than the typical buyer''s (null: no more)';

CREATE OR REPLACE VIEW clv.forecast AS
SELECT
    published.as_of,
    forecast_rows.customer_id,
    forecast_rows.clv_1m,
    forecast_rows.clv_3m,
    forecast_rows.clv_6m,
    forecast_rows.clv_12m,
    forecast_rows.clv_12m_p10,
    forecast_rows.clv_12m_p90,
    forecast_rows.p_active_12m,
    forecast_rows.month_01,
    forecast_rows.month_02,
    forecast_rows.month_03,
    forecast_rows.month_04,
    forecast_rows.month_05,
    forecast_rows.month_06,
    forecast_rows.month_07,
    forecast_rows.month_08,
    forecast_rows.month_09,
    forecast_rows.month_10,
    forecast_rows.month_11,
    forecast_rows.month_12,
    forecast_rows.status,
    forecast_rows.method,
    forecast_rows.model_version,
    published.run_id,
    forecast_rows.reason_1,
    forecast_rows.reason_2,
    forecast_rows.reason_3
FROM clv.published
INNER JOIN clv.forecast_rows ON published.load_id = forecast_rows.load_id;

COMMENT ON COLUMN clv.forecast.reason_1 IS
'Strongest reason why clv_12m is higher or lower than the typical buyer''s';
COMMENT ON COLUMN clv.forecast.reason_2 IS
'Second reason why clv_12m is higher or lower than the typical buyer''s (null: no more)';
COMMENT ON COLUMN clv.forecast.reason_3 IS
'Third reason why clv_12m is higher or lower than the typical buyer''s (null: no more)';

CREATE OR REPLACE VIEW clv.forecast_current AS
SELECT
    as_of,
    customer_id,
    clv_1m,
    clv_3m,
    clv_6m,
    clv_12m,
    clv_12m_p10,
    clv_12m_p90,
    p_active_12m,
    month_01,
    month_02,
    month_03,
    month_04,
    month_05,
    month_06,
    month_07,
    month_08,
    month_09,
    month_10,
    month_11,
    month_12,
    status,
    method,
    model_version,
    run_id,
    reason_1,
    reason_2,
    reason_3
FROM clv.forecast
WHERE as_of = (SELECT max(published.as_of) FROM clv.published);

COMMENT ON COLUMN clv.forecast_current.reason_1 IS
'Strongest reason why clv_12m is higher or lower than the typical buyer''s';
COMMENT ON COLUMN clv.forecast_current.reason_2 IS
'Second reason why clv_12m is higher or lower than the typical buyer''s (null: no more)';
COMMENT ON COLUMN clv.forecast_current.reason_3 IS
'Third reason why clv_12m is higher or lower than the typical buyer''s (null: no more)';
