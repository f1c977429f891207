-- What readers see of special runs.
SET LOCAL ROLE clv_owner;

CREATE VIEW clv.special_forecast AS
SELECT
    special_rows.run_id,
    run.as_of,
    run.horizon_months,
    run.segment,
    run.value_basis,
    special_rows.customer_id,
    special_rows.clv,
    special_rows.clv_p10,
    special_rows.clv_p90,
    special_rows.p_active,
    special_rows.status,
    special_rows.method,
    special_rows.model_version
FROM clv.special_rows
INNER JOIN clv.run ON special_rows.run_id = run.run_id;

COMMENT ON VIEW clv.special_forecast IS
'What special runs forecast: one row per run and customer. Published months are in clv.forecast, and never here';
COMMENT ON COLUMN clv.special_forecast.run_id IS 'The run';
COMMENT ON COLUMN clv.special_forecast.as_of IS 'First day after the data month: the forecast starts on it';
COMMENT ON COLUMN clv.special_forecast.horizon_months IS 'Months from as_of on that are forecast';
COMMENT ON COLUMN clv.special_forecast.segment IS 'The customers asked for: all, or column=value,value of the snapshot';
COMMENT ON COLUMN clv.special_forecast.value_basis IS
'What value is counted in: net_revenue, margin_by_department or margin_per_line';
COMMENT ON COLUMN clv.special_forecast.customer_id IS 'The customer';
COMMENT ON COLUMN clv.special_forecast.clv IS 'Expected value over the run''s horizon, on its value basis';
COMMENT ON COLUMN clv.special_forecast.clv_p10 IS
'Lower end of the 80 % interval of that value. Do not add ends up: clv.special_total has the total''s';
COMMENT ON COLUMN clv.special_forecast.clv_p90 IS
'Upper end of the 80 % interval of that value. Do not add ends up: clv.special_total has the total''s';
COMMENT ON COLUMN clv.special_forecast.p_active IS 'Probability of at least one order within the horizon';
COMMENT ON COLUMN clv.special_forecast.status IS
'new, active, lapsing, dormant or never_bought: how the customer stands at as_of';
COMMENT ON COLUMN clv.special_forecast.method IS 'model, btyd or cohort_prior: how the forecast was made';
COMMENT ON COLUMN clv.special_forecast.model_version IS 'Version of the registered model; clv.special_total names it';

CREATE VIEW clv.special_total AS
SELECT
    special_load.run_id,
    run.as_of,
    run.horizon_months,
    run.segment,
    run.value_basis,
    special_load.customers,
    special_load.clv,
    special_load.clv_p10,
    special_load.clv_p90,
    run.model_name,
    special_load.model_version,
    special_load.loaded_at
FROM clv.special_load
INNER JOIN clv.run ON special_load.run_id = run.run_id;

COMMENT ON VIEW clv.special_total IS 'The total of each special run, with the interval of the total';
COMMENT ON COLUMN clv.special_total.run_id IS 'The run';
COMMENT ON COLUMN clv.special_total.as_of IS 'First day after the data month: the forecast starts on it';
COMMENT ON COLUMN clv.special_total.horizon_months IS 'Months from as_of on that are forecast';
COMMENT ON COLUMN clv.special_total.segment IS 'The customers asked for: all, or column=value,value of the snapshot';
COMMENT ON COLUMN clv.special_total.value_basis IS
'What value is counted in: net_revenue, margin_by_department or margin_per_line';
COMMENT ON COLUMN clv.special_total.customers IS 'Customers in the segment';
COMMENT ON COLUMN clv.special_total.clv IS 'Sum of their clv';
COMMENT ON COLUMN clv.special_total.clv_p10 IS
'Lower end of the 80 % interval of that sum; not the sum of the customers'' ends';
COMMENT ON COLUMN clv.special_total.clv_p90 IS
'Upper end of the 80 % interval of that sum; not the sum of the customers'' ends';
COMMENT ON COLUMN clv.special_total.model_name IS 'Name of the registered model: each value basis has its own';
COMMENT ON COLUMN clv.special_total.model_version IS 'Version of it that made the forecast';
COMMENT ON COLUMN clv.special_total.loaded_at IS 'When the forecast was loaded';

GRANT SELECT ON clv.special_forecast, clv.special_total TO clv_writer, clv_reader;
