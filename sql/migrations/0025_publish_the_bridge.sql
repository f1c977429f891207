-- From the total of one published month to that of the next, step by step.
SET LOCAL ROLE clv_owner;

CREATE TABLE clv.bridge_rows (
    load_id bigint NOT NULL REFERENCES clv.forecast_load (load_id),
    before_load_id bigint NOT NULL REFERENCES clv.forecast_load (load_id),
    step_order smallint NOT NULL,
    step text NOT NULL,
    net_value numeric(18, 2) NOT NULL,
    customers bigint NOT NULL,
    PRIMARY KEY (load_id, step)
);

CREATE INDEX bridge_rows_before_load_id ON clv.bridge_rows (before_load_id);

COMMENT ON TABLE clv.bridge_rows IS
'One row per load and step from the load that was published for the month before. Readers see the published ones in '
'clv.bridge';
COMMENT ON COLUMN clv.bridge_rows.load_id IS 'The load at the end of the bridge';
COMMENT ON COLUMN clv.bridge_rows.before_load_id IS 'The load at its start: that of the month before';
COMMENT ON COLUMN clv.bridge_rows.step_order IS 'Order of the steps, from 1 on';
COMMENT ON COLUMN clv.bridge_rows.step IS 'The step, as in clv.bridge';
COMMENT ON COLUMN clv.bridge_rows.net_value IS 'Totals for start and end, a change for every other step';
COMMENT ON COLUMN clv.bridge_rows.customers IS 'Customers that the step is about, as in clv.bridge';

CREATE VIEW clv.bridge AS
SELECT
    to_char((published.as_of - 1)::timestamp, 'YYYY-MM') AS data_month,
    published.as_of,
    steps.step_order,
    steps.step,
    steps.net_value,
    CASE
        WHEN steps.step = 'end' THEN steps.net_value
        ELSE sum(steps.net_value) OVER (PARTITION BY steps.load_id ORDER BY steps.step_order)
    END AS total_after,
    steps.customers,
    run.currency,
    load.model_version,
    load_before.model_version AS model_version_before,
    published.run_id
FROM clv.published
INNER JOIN clv.run ON published.run_id = run.run_id
INNER JOIN clv.forecast_load AS load ON published.load_id = load.load_id
INNER JOIN clv.bridge_rows AS steps ON published.load_id = steps.load_id
INNER JOIN clv.published AS previous ON steps.before_load_id = previous.load_id
INNER JOIN clv.forecast_load AS load_before ON previous.load_id = load_before.load_id;

COMMENT ON VIEW clv.bridge IS
'Why the total changed: one row per month (as_of) and step, from the published twelve-month total of the month before '
'to this month''s. start and the changes add up to end, to the cent. A month has no rows while the month before is not '
'published, or was published again since; the task publish.build_bridge logs why';
COMMENT ON COLUMN clv.bridge.data_month IS 'The data month, YYYY-MM: the month before as_of';
COMMENT ON COLUMN clv.bridge.as_of IS
'First day after the data month: the forecast at the end of the bridge starts on it';
COMMENT ON COLUMN clv.bridge.step_order IS 'Order of the steps, from 1 on';
COMMENT ON COLUMN clv.bridge.step IS
'start and end: the published totals. restatement: data of earlier months that the shop corrected, and customers who '
'are gone. model: what the new version says of last month''s customers, less what the old one said. '
'restatement_and_model: both in one, where the old version is gone. months_rolling_off: the month that is over. '
'The eleven months that both forecasts cover change by new_customers (not known before), first_orders, reactivated, '
'lapsed (by their status), and behaviour (everybody else). months_rolling_on: the new twelfth month';
COMMENT ON COLUMN clv.bridge.net_value IS
'Expected net value of twelve months for start and end, a change for every other step';
COMMENT ON COLUMN clv.bridge.total_after IS 'The total once this step is added, to draw a waterfall';
COMMENT ON COLUMN clv.bridge.customers IS
'Customers that the step is about; for restatement and model, those whose value it changes';
COMMENT ON COLUMN clv.bridge.currency IS 'ISO 4217 code of all amounts';
COMMENT ON COLUMN clv.bridge.model_version IS 'Version of the registered model that made this month''s forecast';
COMMENT ON COLUMN clv.bridge.model_version_before IS 'Version that made the forecast of the month before';
COMMENT ON COLUMN clv.bridge.run_id IS 'The run that made the forecast';

CREATE FUNCTION clv.clear_bridge(p_load_id bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM clv.bridge_rows WHERE load_id = p_load_id;
$$;

COMMENT ON FUNCTION clv.clear_bridge(bigint) IS
'Remove the bridge to a load, so that the transaction can record it again';

REVOKE ALL ON FUNCTION clv.clear_bridge(bigint) FROM public;
GRANT EXECUTE ON FUNCTION clv.clear_bridge(bigint) TO clv_writer;
GRANT SELECT, INSERT ON clv.bridge_rows TO clv_writer;
GRANT SELECT ON clv.bridge TO clv_writer, clv_reader;
