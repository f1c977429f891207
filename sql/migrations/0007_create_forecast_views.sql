-- What readers see of the forecasts: whole published runs, one per month.
SET LOCAL ROLE clv_owner;

CREATE VIEW clv.forecast AS
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

COMMENT ON VIEW clv.forecast IS
'The published forecast of every month: one row per as_of and customer';
COMMENT ON COLUMN clv.forecast.as_of IS 'First day after the data month: the forecast starts on it';
COMMENT ON COLUMN clv.forecast.customer_id IS 'The customer';
COMMENT ON COLUMN clv.forecast.clv_1m IS 'Expected net value in the first forecast month';
COMMENT ON COLUMN clv.forecast.clv_3m IS 'Expected net value in the first three forecast months';
COMMENT ON COLUMN clv.forecast.clv_6m IS 'Expected net value in the first six forecast months';
COMMENT ON COLUMN clv.forecast.clv_12m IS
'Expected net value in the twelve forecast months: the sum of month_01 to month_12';
COMMENT ON COLUMN clv.forecast.clv_12m_p10 IS 'Lower end of the 80 % interval of the twelve months'' value';
COMMENT ON COLUMN clv.forecast.clv_12m_p90 IS 'Upper end of the 80 % interval of the twelve months'' value';
COMMENT ON COLUMN clv.forecast.p_active_12m IS 'Probability of at least one order in the twelve forecast months';
COMMENT ON COLUMN clv.forecast.month_01 IS 'Expected net value in forecast month 1 (month 1 starts on as_of)';
COMMENT ON COLUMN clv.forecast.month_02 IS 'Expected net value in forecast month 2 (month 1 starts on as_of)';
COMMENT ON COLUMN clv.forecast.month_03 IS 'Expected net value in forecast month 3 (month 1 starts on as_of)';
COMMENT ON COLUMN clv.forecast.month_04 IS 'Expected net value in forecast month 4 (month 1 starts on as_of)';
COMMENT ON COLUMN clv.forecast.month_05 IS 'Expected net value in forecast month 5 (month 1 starts on as_of)';
COMMENT ON COLUMN clv.forecast.month_06 IS 'Expected net value in forecast month 6 (month 1 starts on as_of)';
COMMENT ON COLUMN clv.forecast.month_07 IS 'Expected net value in forecast month 7 (month 1 starts on as_of)';
COMMENT ON COLUMN clv.forecast.month_08 IS 'Expected net value in forecast month 8 (month 1 starts on as_of)';
COMMENT ON COLUMN clv.forecast.month_09 IS 'Expected net value in forecast month 9 (month 1 starts on as_of)';
COMMENT ON COLUMN clv.forecast.month_10 IS 'Expected net value in forecast month 10 (month 1 starts on as_of)';
COMMENT ON COLUMN clv.forecast.month_11 IS 'Expected net value in forecast month 11 (month 1 starts on as_of)';
COMMENT ON COLUMN clv.forecast.month_12 IS 'Expected net value in forecast month 12 (month 1 starts on as_of)';
COMMENT ON COLUMN clv.forecast.status IS
'new, active, lapsing, dormant or never_bought: how the customer stands at as_of';
COMMENT ON COLUMN clv.forecast.method IS 'model, btyd or cohort_prior: how the forecast was made';
COMMENT ON COLUMN clv.forecast.model_version IS 'Version of the registered model';
COMMENT ON COLUMN clv.forecast.run_id IS 'The run that made the forecast';
COMMENT ON COLUMN clv.forecast.reason_1 IS
'Strongest reason why clv_12m is higher or lower than the typical buyer''s';
COMMENT ON COLUMN clv.forecast.reason_2 IS
'Second reason why clv_12m is higher or lower than the typical buyer''s (null: no more)';
COMMENT ON COLUMN clv.forecast.reason_3 IS
'Third reason why clv_12m is higher or lower than the typical buyer''s (null: no more)';

CREATE VIEW clv.forecast_current AS
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

COMMENT ON VIEW clv.forecast_current IS
'The published forecast of the newest month: one row per customer. A backfill of an older month never changes it';
COMMENT ON COLUMN clv.forecast_current.as_of IS 'First day after the data month: the forecast starts on it';
COMMENT ON COLUMN clv.forecast_current.customer_id IS 'The customer';
COMMENT ON COLUMN clv.forecast_current.clv_1m IS 'Expected net value in the first forecast month';
COMMENT ON COLUMN clv.forecast_current.clv_3m IS 'Expected net value in the first three forecast months';
COMMENT ON COLUMN clv.forecast_current.clv_6m IS 'Expected net value in the first six forecast months';
COMMENT ON COLUMN clv.forecast_current.clv_12m IS
'Expected net value in the twelve forecast months: the sum of month_01 to month_12';
COMMENT ON COLUMN clv.forecast_current.clv_12m_p10 IS 'Lower end of the 80 % interval of the twelve months'' value';
COMMENT ON COLUMN clv.forecast_current.clv_12m_p90 IS 'Upper end of the 80 % interval of the twelve months'' value';
COMMENT ON COLUMN clv.forecast_current.p_active_12m IS
'Probability of at least one order in the twelve forecast months';
COMMENT ON COLUMN clv.forecast_current.month_01 IS 'Expected net value in forecast month 1 (month 1 starts on as_of)';
COMMENT ON COLUMN clv.forecast_current.month_02 IS 'Expected net value in forecast month 2 (month 1 starts on as_of)';
COMMENT ON COLUMN clv.forecast_current.month_03 IS 'Expected net value in forecast month 3 (month 1 starts on as_of)';
COMMENT ON COLUMN clv.forecast_current.month_04 IS 'Expected net value in forecast month 4 (month 1 starts on as_of)';
COMMENT ON COLUMN clv.forecast_current.month_05 IS 'Expected net value in forecast month 5 (month 1 starts on as_of)';
COMMENT ON COLUMN clv.forecast_current.month_06 IS 'Expected net value in forecast month 6 (month 1 starts on as_of)';
COMMENT ON COLUMN clv.forecast_current.month_07 IS 'Expected net value in forecast month 7 (month 1 starts on as_of)';
COMMENT ON COLUMN clv.forecast_current.month_08 IS 'Expected net value in forecast month 8 (month 1 starts on as_of)';
COMMENT ON COLUMN clv.forecast_current.month_09 IS 'Expected net value in forecast month 9 (month 1 starts on as_of)';
COMMENT ON COLUMN clv.forecast_current.month_10 IS 'Expected net value in forecast month 10 (month 1 starts on as_of)';
COMMENT ON COLUMN clv.forecast_current.month_11 IS 'Expected net value in forecast month 11 (month 1 starts on as_of)';
COMMENT ON COLUMN clv.forecast_current.month_12 IS 'Expected net value in forecast month 12 (month 1 starts on as_of)';
COMMENT ON COLUMN clv.forecast_current.status IS
'new, active, lapsing, dormant or never_bought: how the customer stands at as_of';
COMMENT ON COLUMN clv.forecast_current.method IS 'model, btyd or cohort_prior: how the forecast was made';
COMMENT ON COLUMN clv.forecast_current.model_version IS 'Version of the registered model';
COMMENT ON COLUMN clv.forecast_current.run_id IS 'The run that made the forecast';
COMMENT ON COLUMN clv.forecast_current.reason_1 IS
'Strongest reason why clv_12m is higher or lower than the typical buyer''s';
COMMENT ON COLUMN clv.forecast_current.reason_2 IS
'Second reason why clv_12m is higher or lower than the typical buyer''s (null: no more)';
COMMENT ON COLUMN clv.forecast_current.reason_3 IS
'Third reason why clv_12m is higher or lower than the typical buyer''s (null: no more)';

CREATE VIEW clv.forecast_monthly AS
SELECT
    forecast.as_of,
    forecast.customer_id,
    (forecast.as_of + make_interval(months => horizon.horizon_month - 1))::date AS month,
    horizon.horizon_month,
    horizon.expected_net_value
FROM clv.forecast
CROSS JOIN LATERAL (
    VALUES
    (1, forecast.month_01),
    (2, forecast.month_02),
    (3, forecast.month_03),
    (4, forecast.month_04),
    (5, forecast.month_05),
    (6, forecast.month_06),
    (7, forecast.month_07),
    (8, forecast.month_08),
    (9, forecast.month_09),
    (10, forecast.month_10),
    (11, forecast.month_11),
    (12, forecast.month_12)
) AS horizon (horizon_month, expected_net_value);

COMMENT ON VIEW clv.forecast_monthly IS
'The published forecast of every month: one row per as_of, customer and calendar month forecast';
COMMENT ON COLUMN clv.forecast_monthly.as_of IS 'First day after the data month: the forecast starts on it';
COMMENT ON COLUMN clv.forecast_monthly.customer_id IS 'The customer';
COMMENT ON COLUMN clv.forecast_monthly.month IS 'First day of the calendar month forecast';
COMMENT ON COLUMN clv.forecast_monthly.horizon_month IS
'How many months ahead: 1 is the month that starts on as_of, 12 the last';
COMMENT ON COLUMN clv.forecast_monthly.expected_net_value IS 'Expected net value of the customer in that month';

GRANT SELECT ON clv.forecast, clv.forecast_current, clv.forecast_monthly TO clv_writer, clv_reader;
