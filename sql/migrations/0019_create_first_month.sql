-- The forecast of new customers on the day that their first month is over, loaded and published with their month's.
SET LOCAL ROLE clv_owner;

ALTER TABLE clv.run ADD COLUMN first_month_version bigint;
COMMENT ON COLUMN clv.run.first_month_version IS
'Version of clv_first_month that forecasts new customers; empty where the standard forecasts stand in';
GRANT UPDATE (first_month_version) ON clv.run TO clv_writer;

-- A run decides on a version of two models, and their numbers may be the same.
ALTER TABLE clv.model_decision
DROP CONSTRAINT one_decision_per_run_and_version,
ADD CONSTRAINT one_decision_per_run_and_version UNIQUE (run_id, model_name, model_version);
COMMENT ON COLUMN clv.model_decision.model_name IS
'Name of the registered model: clv, clv_first_month, or that of a margin';
COMMENT ON COLUMN clv.model_decisions.model_name IS
'Name of the registered model: clv, clv_first_month, or that of a margin';

CREATE TABLE clv.first_month_rows (
    load_id bigint NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    first_ordered_on date NOT NULL,
    completed_on date NOT NULL,
    clv_12m numeric(18, 2) NOT NULL,
    clv_12m_p10 numeric(18, 2) NOT NULL,
    clv_12m_p90 numeric(18, 2) NOT NULL,
    p_active_12m double precision NOT NULL,
    month_01 numeric(18, 2) NOT NULL,
    month_02 numeric(18, 2) NOT NULL,
    month_03 numeric(18, 2) NOT NULL,
    month_04 numeric(18, 2) NOT NULL,
    month_05 numeric(18, 2) NOT NULL,
    month_06 numeric(18, 2) NOT NULL,
    month_07 numeric(18, 2) NOT NULL,
    month_08 numeric(18, 2) NOT NULL,
    month_09 numeric(18, 2) NOT NULL,
    month_10 numeric(18, 2) NOT NULL,
    month_11 numeric(18, 2) NOT NULL,
    month_12 numeric(18, 2) NOT NULL,
    method text NOT NULL,
    model_version bigint NOT NULL,
    reason_1 text,
    reason_2 text,
    reason_3 text,
    PRIMARY KEY (load_id, customer_id),
    CONSTRAINT months_sum_to_clv_12m CHECK (
        month_01 + month_02 + month_03 + month_04 + month_05 + month_06
        + month_07 + month_08 + month_09 + month_10 + month_11 + month_12 = clv_12m
    ),
    CONSTRAINT first_month_has_30_days CHECK (completed_on = first_ordered_on + 30),
    CONSTRAINT first_month_p10_is_not_above_p90 CHECK (clv_12m_p10 <= clv_12m_p90),
    CONSTRAINT first_month_p_active_12m_is_a_probability CHECK (p_active_12m BETWEEN 0 AND 1),
    CONSTRAINT first_month_method_is_known CHECK (method IN ('first_month', 'standard'))
);

COMMENT ON TABLE clv.first_month_rows IS
'A row per load and customer whose first month ended in the data month. Readers see the published ones in '
'clv.first_month';
COMMENT ON COLUMN clv.first_month_rows.load_id IS 'The load the row belongs to';
COMMENT ON COLUMN clv.first_month_rows.customer_id IS 'The customer';
COMMENT ON COLUMN clv.first_month_rows.first_ordered_on IS 'Day of the first order';
COMMENT ON COLUMN clv.first_month_rows.completed_on IS 'Day 30: the first month is over, the forecast starts';
COMMENT ON COLUMN clv.first_month_rows.clv_12m IS
'Expected net value in the 365 days from completed_on on: the sum of its months';
COMMENT ON COLUMN clv.first_month_rows.clv_12m_p10 IS 'Lower end of the 80 % interval of that value';
COMMENT ON COLUMN clv.first_month_rows.clv_12m_p90 IS 'Upper end of the 80 % interval of that value';
COMMENT ON COLUMN clv.first_month_rows.p_active_12m IS 'Probability of at least one order in these 365 days';
COMMENT ON COLUMN clv.first_month_rows.month_01 IS 'Expected net value in month 1 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month_rows.month_02 IS 'Expected net value in month 2 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month_rows.month_03 IS 'Expected net value in month 3 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month_rows.month_04 IS 'Expected net value in month 4 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month_rows.month_05 IS 'Expected net value in month 5 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month_rows.month_06 IS 'Expected net value in month 6 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month_rows.month_07 IS 'Expected net value in month 7 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month_rows.month_08 IS 'Expected net value in month 8 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month_rows.month_09 IS 'Expected net value in month 9 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month_rows.month_10 IS
'Expected net value in month 10 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month_rows.month_11 IS
'Expected net value in month 11 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month_rows.month_12 IS
'Expected net value in month 12 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month_rows.method IS
'first_month: by the model clv_first_month; standard: the standard forecast of as_of, as that model has too '
'little to learn from';
COMMENT ON COLUMN clv.first_month_rows.model_version IS
'Version of the registered model: clv_first_month, or clv if standard';
COMMENT ON COLUMN clv.first_month_rows.reason_1 IS
'Strongest reason why clv_12m is higher or lower than the typical new customer''s';
COMMENT ON COLUMN clv.first_month_rows.reason_2 IS
'Second (null: no more) reason why clv_12m is higher or lower than the typical new customer''s';
COMMENT ON COLUMN clv.first_month_rows.reason_3 IS
'Third (null: no more) reason why clv_12m is higher or lower than the typical new customer''s';

CREATE TRIGGER refuse_rows_of_closed_loads AFTER INSERT ON clv.first_month_rows
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION clv.refuse_rows_of_closed_loads();

CREATE TABLE clv.first_month_accuracy_rows (
    load_id bigint NOT NULL,
    candidate text NOT NULL,
    trained_until date NOT NULL,
    customers bigint NOT NULL,
    months smallint NOT NULL,
    actual_total numeric(18, 2) NOT NULL,
    forecast_total numeric(18, 2),
    norm_gini double precision,
    decile_mape double precision,
    wape double precision,
    coverage double precision,
    PRIMARY KEY (load_id, candidate)
);

COMMENT ON TABLE clv.first_month_accuracy_rows IS
'A row per load and candidate. Readers see the published ones in clv.first_month_accuracy';
COMMENT ON COLUMN clv.first_month_accuracy_rows.load_id IS 'The load the row belongs to';
COMMENT ON COLUMN clv.first_month_accuracy_rows.candidate IS
'first_month, or one of the simple forecasts it is compared with';
COMMENT ON COLUMN clv.first_month_accuracy_rows.trained_until IS 'The candidate has seen nothing of this day or later';
COMMENT ON COLUMN clv.first_month_accuracy_rows.customers IS 'Customers forecast on day 30, all after trained_until';
COMMENT ON COLUMN clv.first_month_accuracy_rows.months IS
'How many of the twelve months after the first one are compared';
COMMENT ON COLUMN clv.first_month_accuracy_rows.actual_total IS 'Net value that they brought in these months';
COMMENT ON COLUMN clv.first_month_accuracy_rows.forecast_total IS 'Net value that was forecast';
COMMENT ON COLUMN clv.first_month_accuracy_rows.norm_gini IS
'Normalised Gini: 1 ranks customers perfectly, 0 at random';
COMMENT ON COLUMN clv.first_month_accuracy_rows.decile_mape IS
'Mean absolute error of the ten deciles'' means, as a share of the actual ones';
COMMENT ON COLUMN clv.first_month_accuracy_rows.wape IS 'Sum of the absolute errors as a share of the actual total';
COMMENT ON COLUMN clv.first_month_accuracy_rows.coverage IS
'Share of the customers within the 80 % interval (null: it has none)';

CREATE TRIGGER refuse_rows_of_closed_loads AFTER INSERT ON clv.first_month_accuracy_rows
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION clv.refuse_rows_of_closed_loads();

CREATE VIEW clv.first_month_accuracy AS
SELECT
    published.as_of,
    rows.candidate,
    rows.trained_until,
    rows.customers,
    rows.months,
    rows.actual_total,
    rows.forecast_total,
    rows.forecast_total / nullif(rows.actual_total, 0) AS total_ratio,
    rows.norm_gini,
    rows.decile_mape,
    rows.wape,
    rows.coverage,
    published.run_id,
    to_char((published.as_of - 1)::timestamp, 'YYYY-MM') AS data_month
FROM clv.published
INNER JOIN clv.first_month_accuracy_rows AS rows ON published.load_id = rows.load_id;

COMMENT ON VIEW clv.first_month_accuracy IS
'How accurate forecasts on day 30 are, beside simple ones: of customers whose months are over, by a model that '
'had seen '
'nothing of them';
COMMENT ON COLUMN clv.first_month_accuracy.as_of IS 'First day after the data month up to which outcomes are known';
COMMENT ON COLUMN clv.first_month_accuracy.candidate IS
'first_month, or one of the simple forecasts it is compared with';
COMMENT ON COLUMN clv.first_month_accuracy.trained_until IS 'The candidate has seen nothing of this day or later';
COMMENT ON COLUMN clv.first_month_accuracy.customers IS 'Customers forecast on day 30, all after trained_until';
COMMENT ON COLUMN clv.first_month_accuracy.months IS 'How many of the twelve months after the first one are compared';
COMMENT ON COLUMN clv.first_month_accuracy.actual_total IS 'Net value that they brought in these months';
COMMENT ON COLUMN clv.first_month_accuracy.forecast_total IS 'Net value that was forecast';
COMMENT ON COLUMN clv.first_month_accuracy.norm_gini IS 'Normalised Gini: 1 ranks customers perfectly, 0 at random';
COMMENT ON COLUMN clv.first_month_accuracy.decile_mape IS
'Mean absolute error of the ten deciles'' means, as a share of the actual ones';
COMMENT ON COLUMN clv.first_month_accuracy.wape IS 'Sum of the absolute errors as a share of the actual total';
COMMENT ON COLUMN clv.first_month_accuracy.coverage IS
'Share of the customers within the 80 % interval (null: it has none)';
COMMENT ON COLUMN clv.first_month_accuracy.total_ratio IS 'forecast_total divided by actual_total';
COMMENT ON COLUMN clv.first_month_accuracy.run_id IS 'The run that measured it';
COMMENT ON COLUMN clv.first_month_accuracy.data_month IS 'The data month, YYYY-MM: the month before as_of';

GRANT SELECT, INSERT ON clv.first_month_rows, clv.first_month_accuracy_rows TO clv_writer;
GRANT SELECT ON clv.first_month_accuracy TO clv_writer, clv_reader;
