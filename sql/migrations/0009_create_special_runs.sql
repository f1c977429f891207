-- Special runs: another horizon, a segment of the customers, or margins. They are kept beside the months: none of them
-- claims a month, outranks a run of it, or shows in a view of the published forecasts.
SET LOCAL ROLE clv_owner;

ALTER TABLE clv.run
ADD COLUMN horizon_months smallint NOT NULL DEFAULT 12 CHECK (horizon_months IN (1, 3, 6, 12)),
ADD COLUMN segment text NOT NULL DEFAULT 'all',
ADD COLUMN value_basis text NOT NULL DEFAULT 'net_revenue'
CHECK (value_basis IN ('net_revenue', 'margin_by_department', 'margin_per_line')),
ADD COLUMN is_special boolean NOT NULL
GENERATED ALWAYS AS (horizon_months <> 12 OR segment <> 'all' OR value_basis <> 'net_revenue') STORED;

CREATE INDEX run_dag_run_id ON clv.run (dag_run_id, run_id);

COMMENT ON TABLE clv.run IS
'One row per planned run. Of the standard runs of one month only the newest may publish; special runs never do';
COMMENT ON COLUMN clv.run.horizon_months IS 'Months from as_of on that the run forecasts';
COMMENT ON COLUMN clv.run.segment IS 'The customers it forecasts: all, or column=value,value of the snapshot';
COMMENT ON COLUMN clv.run.value_basis IS
'What value is counted in: net_revenue, margin_by_department or margin_per_line';
COMMENT ON COLUMN clv.run.is_special IS
'Whether any of the three differs from a standard run: 12 months, all customers, net revenue';

CREATE OR REPLACE FUNCTION clv.claim_month(p_as_of date, p_run_id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    run clv.run;
    newest_run_id bigint;
BEGIN
    BEGIN
        -- 1129074224 is 'CLV0' in ASCII: it keeps our locks apart from other people's.
        PERFORM pg_advisory_xact_lock(1129074224, p_as_of - date '2000-01-01');
    EXCEPTION WHEN lock_not_available THEN
        RAISE EXCEPTION 'another publish of % has not ended yet: nothing was changed', p_as_of
        USING HINT = 'Run this one again when it has.';
    END;
    SELECT * INTO run FROM clv.run WHERE run_id = p_run_id;
    IF run.as_of IS DISTINCT FROM p_as_of THEN
        RAISE EXCEPTION 'run % was not planned for as_of %: nothing was changed', p_run_id, p_as_of
        USING HINT = 'Publish with the as_of and the run id that the plan task returned.';
    END IF;
    IF run.is_special THEN
        RAISE EXCEPTION 'run % is a special run, which never publishes a month: nothing was changed', p_run_id
        USING HINT = 'Its forecast is loaded by jobs.publish_special and read in clv.special_forecast.';
    END IF;
    SELECT max(run_id) INTO newest_run_id FROM clv.run WHERE as_of = p_as_of AND NOT is_special;
    IF newest_run_id <> p_run_id THEN
        RAISE EXCEPTION 'run % of % is superseded by run %: nothing was changed', p_run_id, p_as_of, newest_run_id
        USING HINT = 'Let the newer run publish, or clear this one from its plan task on: that gives it a newer run id.';
    END IF;
END
$$;

COMMENT ON FUNCTION clv.claim_month(date, bigint) IS
'Hold the month until the transaction ends, and refuse a run that is not the newest standard run planned for it';

CREATE OR REPLACE VIEW clv.runs AS
SELECT
    run.run_id,
    run.as_of,
    CASE
        WHEN published.run_id IS NOT NULL THEN 'published'
        WHEN load.run_id IS NOT NULL THEN 'replaced'
        ELSE 'planned'
    END AS status,
    run.trigger,
    coalesce(load.model_version, run.model_version) AS model_version,
    load.forecast_rows,
    load.clv_12m_total,
    load.content_hash,
    run.planned_at,
    load.loaded_at AS published_at
FROM clv.run
LEFT JOIN clv.published ON run.run_id = published.run_id
LEFT JOIN LATERAL (
    SELECT forecast_load.*
    FROM clv.forecast_load
    WHERE forecast_load.run_id = run.run_id
    ORDER BY forecast_load.load_id DESC
    LIMIT 1
) AS load ON TRUE
WHERE NOT run.is_special;

COMMENT ON VIEW clv.runs IS
'Every standard run: how it stands, and what it published. Shows how fresh the forecast is';

CREATE TABLE clv.special_load (
    run_id bigint PRIMARY KEY REFERENCES clv.run (run_id),
    model_version bigint NOT NULL,
    customers bigint NOT NULL,
    clv numeric(18, 2) NOT NULL,
    clv_p10 numeric(18, 2) NOT NULL,
    clv_p90 numeric(18, 2) NOT NULL,
    lake_fingerprint text NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT special_total_lies_in_its_interval CHECK (clv_p10 <= clv AND clv <= clv_p90)
);

COMMENT ON TABLE clv.special_load IS 'One row per special run whose forecast was loaded, with the total of its segment';
COMMENT ON COLUMN clv.special_load.run_id IS 'The run';
COMMENT ON COLUMN clv.special_load.model_version IS 'Version of the registered model that made the forecast';
COMMENT ON COLUMN clv.special_load.customers IS 'Customers in the segment';
COMMENT ON COLUMN clv.special_load.clv IS 'Sum of their clv';
COMMENT ON COLUMN clv.special_load.clv_p10 IS
'Lower end of the 80 % interval of that sum; not the sum of the customers'' ends';
COMMENT ON COLUMN clv.special_load.clv_p90 IS
'Upper end of the 80 % interval of that sum; not the sum of the customers'' ends';
COMMENT ON COLUMN clv.special_load.lake_fingerprint IS 'Fingerprint of the folder in the lake the rows were read from';
COMMENT ON COLUMN clv.special_load.loaded_at IS 'When the rows were loaded';

CREATE TABLE clv.special_rows (
    run_id bigint NOT NULL REFERENCES clv.special_load (run_id) ON DELETE CASCADE,
    customer_id text COLLATE "C" NOT NULL,
    clv numeric(18, 2) NOT NULL,
    clv_p10 numeric(18, 2) NOT NULL,
    clv_p90 numeric(18, 2) NOT NULL,
    p_active double precision NOT NULL,
    status text NOT NULL,
    method text NOT NULL,
    model_version bigint NOT NULL,
    PRIMARY KEY (run_id, customer_id),
    CONSTRAINT special_clv_lies_in_its_interval CHECK (clv_p10 <= clv AND clv <= clv_p90),
    CONSTRAINT special_p_active_is_a_probability CHECK (p_active BETWEEN 0 AND 1)
);

COMMENT ON TABLE clv.special_rows IS 'A row per special run and customer. Readers see them in clv.special_forecast';
COMMENT ON COLUMN clv.special_rows.run_id IS 'The run';
COMMENT ON COLUMN clv.special_rows.customer_id IS 'The customer';
COMMENT ON COLUMN clv.special_rows.clv IS 'Expected value over the run''s horizon, on its value basis';
COMMENT ON COLUMN clv.special_rows.clv_p10 IS 'Lower end of the 80 % interval of that value';
COMMENT ON COLUMN clv.special_rows.clv_p90 IS 'Upper end of the 80 % interval of that value';
COMMENT ON COLUMN clv.special_rows.p_active IS 'Probability of at least one order within the horizon';
COMMENT ON COLUMN clv.special_rows.status IS
'new, active, lapsing, dormant or never_bought: how the customer stands at as_of';
COMMENT ON COLUMN clv.special_rows.method IS 'model, btyd or cohort_prior: how the forecast was made';
COMMENT ON COLUMN clv.special_rows.model_version IS 'Version of the registered model';

CREATE FUNCTION clv.begin_special_load(p_run_id bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted clv.run;
    same bigint[];
BEGIN
    SELECT * INTO wanted FROM clv.run WHERE run_id = p_run_id;
    IF wanted.is_special IS NOT TRUE THEN
        RAISE EXCEPTION 'run % is not a special run: nothing was changed', p_run_id
        USING HINT = 'A standard run is published by jobs.publish.';
    END IF;
    BEGIN
        -- 1129074225 is 'CLV1' in ASCII.
        PERFORM pg_advisory_xact_lock(1129074225, hashtext(wanted.dag_run_id));
    EXCEPTION WHEN lock_not_available THEN
        RAISE EXCEPTION 'another load of Airflow run % has not ended yet: nothing was changed', wanted.dag_run_id
        USING HINT = 'Run this one again when it has.';
    END;
    SELECT array_agg(run.run_id) INTO same
    FROM clv.run
    WHERE
        (run.dag_run_id, run.as_of, run.horizon_months, run.segment, run.value_basis)
        = (wanted.dag_run_id, wanted.as_of, wanted.horizon_months, wanted.segment, wanted.value_basis);
    IF p_run_id < ANY (same) THEN
        RAISE EXCEPTION 'run % is superseded by another plan of Airflow run %: nothing was changed',
            p_run_id, wanted.dag_run_id
        USING HINT = 'Let the newer one load, or clear this run from its plan task on.';
    END IF;
    DELETE FROM clv.special_load WHERE run_id = ANY (same);
END
$$;

COMMENT ON FUNCTION clv.begin_special_load(bigint) IS
'Make room for a special run: what it, or an earlier plan of the same Airflow run, has loaded goes; nothing else can';

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

REVOKE ALL ON FUNCTION clv.begin_special_load(bigint) FROM public;
GRANT EXECUTE ON FUNCTION clv.begin_special_load(bigint) TO clv_writer;
GRANT SELECT, INSERT ON clv.special_load, clv.special_rows TO clv_writer;
GRANT SELECT ON clv.special_forecast, clv.special_total TO clv_writer, clv_reader;
