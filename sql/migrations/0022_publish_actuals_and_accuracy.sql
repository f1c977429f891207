-- What customers brought, month by month, and how right the published forecasts turned out to be.
SET LOCAL ROLE clv_owner;

CREATE TABLE clv.actual_month (
    month date PRIMARY KEY,
    customers bigint NOT NULL,
    net_value_total numeric NOT NULL,
    currency text NOT NULL,
    lake_fingerprint text NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT actual_month_is_a_first_day CHECK (extract(DAY FROM month) = 1)
);

COMMENT ON TABLE clv.actual_month IS 'One row per calendar month whose actual values are loaded';
COMMENT ON COLUMN clv.actual_month.month IS 'First day of the month';
COMMENT ON COLUMN clv.actual_month.customers IS 'Customers with an order or a return in the month';
COMMENT ON COLUMN clv.actual_month.net_value_total IS 'Sum of their net value';
COMMENT ON COLUMN clv.actual_month.currency IS 'ISO 4217 code of all amounts';
COMMENT ON COLUMN clv.actual_month.lake_fingerprint IS 'Fingerprint of the folder in the lake the rows were read from';
COMMENT ON COLUMN clv.actual_month.loaded_at IS 'When the rows were loaded';

CREATE TABLE clv.actual_rows (
    month date NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    net_value numeric(18, 4) NOT NULL,
    orders bigint NOT NULL,
    PRIMARY KEY (month, customer_id)
);

CREATE INDEX actual_rows_customer ON clv.actual_rows (customer_id, month);

COMMENT ON TABLE clv.actual_rows IS
'One row per calendar month and customer with an order or a return in it. A month that was restated is replaced';
COMMENT ON COLUMN clv.actual_rows.month IS 'First day of the month';
COMMENT ON COLUMN clv.actual_rows.customer_id IS 'The customer';
COMMENT ON COLUMN clv.actual_rows.net_value IS 'Sales less returns of the month';
COMMENT ON COLUMN clv.actual_rows.orders IS 'Distinct orders of the month';

CREATE VIEW clv.actual AS
SELECT
    to_char(rows.month::timestamp, 'YYYY-MM') AS data_month,
    (rows.month + interval '1 month')::date AS as_of,
    rows.month,
    rows.customer_id,
    rows.net_value,
    rows.orders,
    loaded.currency
FROM clv.actual_rows AS rows
INNER JOIN clv.actual_month AS loaded ON rows.month = loaded.month;

COMMENT ON VIEW clv.actual IS
'What customers brought: one row per calendar month and customer with an order or a return in it. '
'It is kept equal to the data of the newest run: a month that the shop restates is replaced';
COMMENT ON COLUMN clv.actual.data_month IS 'The month, YYYY-MM';
COMMENT ON COLUMN clv.actual.as_of IS 'First day after the month';
COMMENT ON COLUMN clv.actual.month IS 'First day of the month, as in clv.forecast_monthly';
COMMENT ON COLUMN clv.actual.customer_id IS 'The customer';
COMMENT ON COLUMN clv.actual.net_value IS 'Sales less returns of the month';
COMMENT ON COLUMN clv.actual.orders IS 'Distinct orders of the month';
COMMENT ON COLUMN clv.actual.currency IS 'ISO 4217 code of net_value';

CREATE TABLE clv.accuracy_measured (
    load_id bigint NOT NULL REFERENCES clv.forecast_load (load_id),
    horizon_months smallint NOT NULL,
    inputs_fingerprint text NOT NULL,
    measured_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (load_id, horizon_months)
);

COMMENT ON TABLE clv.accuracy_measured IS 'One row per load and horizon that has matured and was measured';
COMMENT ON COLUMN clv.accuracy_measured.load_id IS 'The load whose forecast was measured';
COMMENT ON COLUMN clv.accuracy_measured.horizon_months IS 'How many forecast months are added up, from the first on';
COMMENT ON COLUMN clv.accuracy_measured.inputs_fingerprint IS
'Hash of the actual months and of the code: a forecast is measured again when one of them changes';
COMMENT ON COLUMN clv.accuracy_measured.measured_at IS 'When it was measured';

CREATE TABLE clv.accuracy_rows (
    load_id bigint NOT NULL,
    horizon_months smallint NOT NULL,
    segment_by text NOT NULL,
    segment text NOT NULL,
    candidate text NOT NULL,
    customers bigint NOT NULL,
    actual_total numeric(18, 2) NOT NULL,
    forecast_total numeric(18, 2) NOT NULL,
    absolute_error_total double precision NOT NULL,
    squared_error_total double precision NOT NULL,
    norm_gini double precision,
    decile_mape double precision,
    meets_decile_bar boolean,
    covered_customers bigint,
    PRIMARY KEY (load_id, horizon_months, segment_by, segment, candidate),
    FOREIGN KEY (load_id, horizon_months) REFERENCES clv.accuracy_measured ON DELETE CASCADE
);

COMMENT ON TABLE clv.accuracy_rows IS
'One row per load, horizon, segment and candidate. Readers see the published ones in clv.accuracy';
COMMENT ON COLUMN clv.accuracy_rows.load_id IS 'The load whose forecast was measured';
COMMENT ON COLUMN clv.accuracy_rows.horizon_months IS 'How many forecast months are added up, from the first on';
COMMENT ON COLUMN clv.accuracy_rows.segment_by IS 'What the customers are grouped by: all, status or decile';
COMMENT ON COLUMN clv.accuracy_rows.segment IS
'all, a status, or a decile of the forecast over this horizon: 01 holds the highest';
COMMENT ON COLUMN clv.accuracy_rows.candidate IS
'forecast: the published one; trailing_year: the mean month of the customer''s last twelve, times the months';
COMMENT ON COLUMN clv.accuracy_rows.customers IS 'Customers that the forecast was made for';
COMMENT ON COLUMN clv.accuracy_rows.actual_total IS 'Net value that they brought';
COMMENT ON COLUMN clv.accuracy_rows.forecast_total IS 'Net value that was forecast';
COMMENT ON COLUMN clv.accuracy_rows.absolute_error_total IS 'Sum of the customers'' absolute errors';
COMMENT ON COLUMN clv.accuracy_rows.squared_error_total IS 'Sum of the customers'' squared errors';
COMMENT ON COLUMN clv.accuracy_rows.norm_gini IS 'Normalised Gini: 1 ranks customers perfectly, 0 at random';
COMMENT ON COLUMN clv.accuracy_rows.decile_mape IS
'Mean absolute error of the ten deciles'' means, as a share of the actual ones';
COMMENT ON COLUMN clv.accuracy_rows.meets_decile_bar IS 'Whether decile_mape is within 10 %';
COMMENT ON COLUMN clv.accuracy_rows.covered_customers IS
'Customers whose actual value lies within their 80 % interval; empty where there is no interval';

CREATE VIEW clv.accuracy AS
SELECT
    to_char((published.as_of - 1)::timestamp, 'YYYY-MM') AS data_month,
    published.as_of,
    rows.horizon_months,
    rows.segment_by,
    rows.segment,
    rows.candidate,
    rows.customers,
    rows.actual_total,
    rows.forecast_total,
    rows.forecast_total - rows.actual_total AS bias,
    CASE WHEN rows.actual_total > 0 THEN rows.forecast_total / rows.actual_total END AS total_ratio,
    CASE WHEN rows.actual_total > 0 THEN rows.absolute_error_total / rows.actual_total END AS wape,
    rows.absolute_error_total / rows.customers AS mae,
    sqrt(rows.squared_error_total / rows.customers) AS rmse,
    rows.norm_gini,
    rows.decile_mape,
    rows.meets_decile_bar,
    rows.covered_customers::double precision / rows.customers AS coverage,
    rows.absolute_error_total,
    run.currency,
    load.model_version,
    published.run_id,
    measured.measured_at,
    totals.p10 AS total_p10,
    totals.p90 AS total_p90,
    rows.actual_total BETWEEN totals.p10 AND totals.p90 AS total_is_covered
FROM clv.published
INNER JOIN clv.run ON published.run_id = run.run_id
INNER JOIN clv.forecast_load AS load ON published.load_id = load.load_id
INNER JOIN clv.accuracy_measured AS measured ON published.load_id = measured.load_id
INNER JOIN clv.accuracy_rows AS rows
    ON measured.load_id = rows.load_id AND measured.horizon_months = rows.horizon_months
LEFT JOIN clv.total_rows AS totals
    ON
        rows.load_id = totals.load_id
        AND rows.horizon_months = totals.horizon_months
        AND rows.segment_by = totals.segment_by
        AND rows.segment = totals.segment
        AND rows.candidate = 'forecast';

COMMENT ON VIEW clv.accuracy IS
'How right published forecasts turned out to be: one row per month (as_of), horizon that has matured, segment and '
'candidate';
COMMENT ON COLUMN clv.accuracy.data_month IS 'The data month of the forecast, YYYY-MM: the month before as_of';
COMMENT ON COLUMN clv.accuracy.as_of IS 'First day after the data month: the forecast starts on it';
COMMENT ON COLUMN clv.accuracy.horizon_months IS
'How many forecast months are added up, from the first on: 1, 3, 6 or 12, once all of them are over';
COMMENT ON COLUMN clv.accuracy.segment_by IS 'What the customers are grouped by: all, status or decile';
COMMENT ON COLUMN clv.accuracy.segment IS
'all, a status, or a decile of the forecast over this horizon: 01 holds the highest';
COMMENT ON COLUMN clv.accuracy.candidate IS
'forecast: the published one; trailing_year: the mean month of the customer''s last twelve, times the months';
COMMENT ON COLUMN clv.accuracy.customers IS 'Customers that the forecast was made for';
COMMENT ON COLUMN clv.accuracy.actual_total IS 'Net value that they brought';
COMMENT ON COLUMN clv.accuracy.forecast_total IS 'Net value that was forecast';
COMMENT ON COLUMN clv.accuracy.bias IS 'forecast_total less actual_total';
COMMENT ON COLUMN clv.accuracy.total_ratio IS 'forecast_total divided by actual_total, where that is positive';
COMMENT ON COLUMN clv.accuracy.wape IS
'Sum of the customers'' absolute errors as a share of actual_total, where that is positive';
COMMENT ON COLUMN clv.accuracy.mae IS 'Mean absolute error of a customer';
COMMENT ON COLUMN clv.accuracy.rmse IS 'Root of the mean squared error of a customer';
COMMENT ON COLUMN clv.accuracy.norm_gini IS 'Normalised Gini: 1 ranks customers perfectly, 0 at random';
COMMENT ON COLUMN clv.accuracy.decile_mape IS
'Mean absolute error of the ten deciles'' means, as a share of the actual ones';
COMMENT ON COLUMN clv.accuracy.meets_decile_bar IS 'Whether decile_mape is within 10 %';
COMMENT ON COLUMN clv.accuracy.coverage IS
'Share of the customers within their 80 % interval; empty where there is no interval: it is of twelve months';
COMMENT ON COLUMN clv.accuracy.absolute_error_total IS
'Sum of the customers'' absolute errors, to add up over months: divided by the sum of actual_total, it is their WAPE';
COMMENT ON COLUMN clv.accuracy.currency IS 'ISO 4217 code of all amounts';
COMMENT ON COLUMN clv.accuracy.model_version IS 'Version of the registered model that made the forecast';
COMMENT ON COLUMN clv.accuracy.run_id IS 'The run that made the forecast';
COMMENT ON COLUMN clv.accuracy.measured_at IS 'When the accuracy was measured last';
COMMENT ON COLUMN clv.accuracy.total_p10 IS
'Lower end of the 80 % interval of forecast_total, as published; empty for deciles, and for other candidates';
COMMENT ON COLUMN clv.accuracy.total_p90 IS 'Upper end of that interval';
COMMENT ON COLUMN clv.accuracy.total_is_covered IS 'Whether actual_total lies within that interval';

CREATE FUNCTION clv.clear_actual_month(p_month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- One load at a time; readers are not blocked.
    LOCK TABLE clv.actual_month IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM clv.actual_rows WHERE month = p_month;
    DELETE FROM clv.actual_month WHERE month = p_month;
END
$$;

COMMENT ON FUNCTION clv.clear_actual_month(date) IS
'Remove what customers brought in a month, so that the transaction can load it again';

CREATE FUNCTION clv.begin_accuracy(p_load_id bigint, p_horizon_months integer, p_inputs_fingerprint text)
RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM clv.accuracy_measured WHERE load_id = p_load_id AND horizon_months = p_horizon_months;
    INSERT INTO clv.accuracy_measured (load_id, horizon_months, inputs_fingerprint)
    VALUES (p_load_id, p_horizon_months, p_inputs_fingerprint);
$$;

COMMENT ON FUNCTION clv.begin_accuracy(bigint, integer, text) IS
'Remove what was measured of a load over a horizon, so that the transaction can record it again';

REVOKE ALL ON FUNCTION
clv.clear_actual_month(date),
clv.begin_accuracy(bigint, integer, text)
FROM public;
GRANT EXECUTE ON FUNCTION
clv.clear_actual_month(date),
clv.begin_accuracy(bigint, integer, text)
TO clv_writer;
GRANT SELECT, INSERT ON clv.actual_month, clv.actual_rows, clv.accuracy_rows TO clv_writer;
GRANT SELECT ON clv.accuracy_measured TO clv_writer;
GRANT SELECT ON clv.actual, clv.accuracy TO clv_writer, clv_reader;
