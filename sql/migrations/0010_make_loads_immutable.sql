-- What is published stays as it is, for the writer too: rows enter a load only in the transaction that opened it, the
-- database counts them and numbers everything.
SET LOCAL ROLE clv_owner;

CREATE TABLE clv.open_load (
    load_id bigint PRIMARY KEY,
    as_of date NOT NULL,
    run_id bigint NOT NULL,
    transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id()
);

COMMENT ON TABLE clv.open_load IS
'The loads that rows may be added to, each by the transaction that opened it; it is removed again before that commits';
COMMENT ON COLUMN clv.open_load.load_id IS 'The load';
COMMENT ON COLUMN clv.open_load.as_of IS 'First day after the data month';
COMMENT ON COLUMN clv.open_load.run_id IS 'The run that claimed the month';
COMMENT ON COLUMN clv.open_load.transaction_id IS 'The transaction that opened it';

CREATE OR REPLACE FUNCTION clv.begin_load(p_as_of date, p_run_id bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    opened bigint;
BEGIN
    PERFORM clv.claim_month(p_as_of, p_run_id);
    INSERT INTO clv.open_load (load_id, as_of, run_id)
    VALUES (nextval(pg_get_serial_sequence('clv.forecast_load', 'load_id')), p_as_of, p_run_id)
    RETURNING load_id INTO opened;
    RETURN opened;
END
$$;

CREATE FUNCTION clv.refuse_rows_of_closed_loads() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    closed bigint;
BEGIN
    SELECT added.load_id INTO closed
    FROM added
    LEFT JOIN clv.open_load AS opened
        ON added.load_id = opened.load_id AND opened.transaction_id = pg_current_xact_id()
    WHERE opened.load_id IS NULL
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'load % is not open for rows: nothing was added', closed
        USING HINT = 'Rows are added between clv.begin_load and clv.record_load, in one transaction.';
    END IF;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION clv.refuse_rows_of_closed_loads() IS 'Refuse rows of a load that this transaction has not opened';

CREATE TRIGGER refuse_rows_of_closed_loads AFTER INSERT ON clv.forecast_rows
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION clv.refuse_rows_of_closed_loads();

CREATE FUNCTION clv.record_load(p_load_id bigint, p_lake_fingerprint text)
RETURNS TABLE (
    forecast_rows bigint,
    clv_12m_total numeric,
    money_totals jsonb,
    content_hash text,
    lowest_model_version bigint,
    highest_model_version bigint,
    run_model_version bigint
)
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    WITH closed AS (
        DELETE FROM clv.open_load
        WHERE load_id = p_load_id AND transaction_id = pg_current_xact_id()
        RETURNING as_of, run_id
    ),

    totals AS (
        SELECT
            count(*) AS forecast_rows,
            sum(clv_12m) AS clv_12m_total,
            jsonb_build_object(
                'clv_1m', sum(clv_1m)::text,
                'clv_3m', sum(clv_3m)::text,
                'clv_6m', sum(clv_6m)::text,
                'clv_12m', sum(clv_12m)::text,
                'clv_12m_p10', sum(clv_12m_p10)::text,
                'clv_12m_p90', sum(clv_12m_p90)::text,
                'month_01', sum(month_01)::text,
                'month_02', sum(month_02)::text,
                'month_03', sum(month_03)::text,
                'month_04', sum(month_04)::text,
                'month_05', sum(month_05)::text,
                'month_06', sum(month_06)::text,
                'month_07', sum(month_07)::text,
                'month_08', sum(month_08)::text,
                'month_09', sum(month_09)::text,
                'month_10', sum(month_10)::text,
                'month_11', sum(month_11)::text,
                'month_12', sum(month_12)::text
            ) AS money_totals,
            -- A sum of hashes does not depend on the order of the rows. model_version is not content but origin.
            md5(
                count(*)::text || ':' || sum(
                    ('x' || left(md5(
                        row(
                            customer_id, clv_1m, clv_3m, clv_6m, clv_12m, clv_12m_p10, clv_12m_p90,
                            p_active_12m, month_01, month_02, month_03, month_04, month_05,
                            month_06, month_07, month_08, month_09, month_10, month_11, month_12,
                            status, method, reason_1, reason_2, reason_3
                        )::text
                    ), 16))::bit(64)::bigint
                )::text
            ) AS content_hash,
            min(model_version) AS lowest_model_version,
            max(model_version) AS highest_model_version
        FROM clv.forecast_rows
        WHERE load_id = p_load_id
    ),

    recorded AS (
        INSERT INTO clv.forecast_load (
            load_id,
            as_of,
            run_id,
            model_version,
            forecast_rows,
            clv_12m_total,
            money_totals,
            content_hash,
            lake_fingerprint
        )
        SELECT
            p_load_id AS load_id,
            closed.as_of,
            closed.run_id,
            totals.lowest_model_version,
            totals.forecast_rows,
            totals.clv_12m_total,
            totals.money_totals,
            totals.content_hash,
            p_lake_fingerprint AS lake_fingerprint
        FROM totals
        CROSS JOIN closed
        WHERE totals.forecast_rows > 0
    )

    SELECT
        totals.*,
        run.model_version AS run_model_version
    FROM totals
    CROSS JOIN closed
    INNER JOIN clv.run ON closed.run_id = run.run_id;
$$;

COMMENT ON FUNCTION clv.record_load(bigint, text) IS
'Close a load that this transaction has opened, and record what its rows add up to';

CREATE FUNCTION clv.refuse_rows_of_loaded_special_runs() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    closed bigint;
BEGIN
    SELECT added.run_id INTO closed
    FROM added
    INNER JOIN clv.special_load AS load ON added.run_id = load.run_id
    WHERE load.xmin <> pg_current_xact_id()::xid
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'special run % is loaded: nothing was added', closed
        USING HINT = 'clv.begin_special_load makes room to load it again.';
    END IF;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION clv.refuse_rows_of_loaded_special_runs() IS
'Refuse rows of a special run whose total was recorded by an earlier transaction';

CREATE TRIGGER refuse_rows_of_loaded_special_runs AFTER INSERT ON clv.special_rows
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION clv.refuse_rows_of_loaded_special_runs();

REVOKE ALL ON FUNCTION
clv.refuse_rows_of_closed_loads(),
clv.refuse_rows_of_loaded_special_runs(),
clv.record_load(bigint, text)
FROM public;
GRANT EXECUTE ON FUNCTION clv.record_load(bigint, text) TO clv_writer;

-- Without the columns that the database fills: a run id that the writer chose would outrank all later runs of a month.
REVOKE INSERT ON clv.forecast_load, clv.run, clv.model_decision, clv.special_load FROM clv_writer;
GRANT INSERT (
    as_of, dag_run_id, trigger, source, input_fingerprint, code_version, note, horizon_months, segment, value_basis,
    is_dry_run, model_choice, restate, plan
) ON clv.run TO clv_writer;
GRANT INSERT (
    run_id, as_of, model_version, decision, forecast_by, champion_before, champion_after, reasons, decided_by
) ON clv.model_decision TO clv_writer;
GRANT INSERT (run_id, model_version, customers, clv, clv_p10, clv_p90, lake_fingerprint)
ON clv.special_load TO clv_writer;
