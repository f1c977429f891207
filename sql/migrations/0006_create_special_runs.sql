-- Special runs: another horizon, a segment of the customers, or margins. They are kept beside the months: none of them
-- claims a month, supersedes a run of it, or shows in a view of the published forecasts.
SET LOCAL ROLE clv_owner;

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

REVOKE ALL ON FUNCTION clv.begin_special_load(bigint) FROM public;
GRANT EXECUTE ON FUNCTION clv.begin_special_load(bigint) TO clv_writer;
GRANT SELECT, INSERT ON clv.special_load, clv.special_rows TO clv_writer;
