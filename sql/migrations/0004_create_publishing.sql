-- How a load becomes the published one. These functions act as clv_owner, so that nobody else need be able to move the
-- pointer, and nobody can move it without the checks.
SET LOCAL ROLE clv_owner;

CREATE FUNCTION clv.claim_month(p_as_of date, p_run_id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    run_as_of date;
    newest_run_id bigint;
BEGIN
    BEGIN
        -- 1129074224 is 'CLV0' in ASCII: it keeps our locks apart from other people's.
        PERFORM pg_advisory_xact_lock(1129074224, p_as_of - date '2000-01-01');
    EXCEPTION WHEN lock_not_available THEN
        RAISE EXCEPTION 'another publish of % has not ended yet: nothing was changed', p_as_of
        USING HINT = 'Run this one again when it has.';
    END;
    SELECT as_of INTO run_as_of FROM clv.run WHERE run_id = p_run_id;
    IF run_as_of IS DISTINCT FROM p_as_of THEN
        RAISE EXCEPTION 'run % was not planned for as_of %: nothing was changed', p_run_id, p_as_of
        USING HINT = 'Publish with the as_of and the run id that the plan task returned.';
    END IF;
    SELECT max(run_id) INTO newest_run_id FROM clv.run WHERE as_of = p_as_of;
    IF newest_run_id <> p_run_id THEN
        RAISE EXCEPTION 'run % of % is superseded by run %: nothing was changed', p_run_id, p_as_of, newest_run_id
        USING HINT = 'Let the newer run publish, or clear this one from its plan task on: that gives it a newer run id.';
    END IF;
END
$$;

COMMENT ON FUNCTION clv.claim_month(date, bigint) IS
'Hold the month until the transaction ends, and refuse a run that is not the newest planned for it';

CREATE FUNCTION clv.begin_load(p_as_of date, p_run_id bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM clv.claim_month(p_as_of, p_run_id);
    RETURN nextval(pg_get_serial_sequence('clv.forecast_load', 'load_id'));
END
$$;

COMMENT ON FUNCTION clv.begin_load(date, bigint) IS 'Claim the month for a run; the load_id its rows are to carry';

CREATE FUNCTION clv.publish_load(p_load_id bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    loaded clv.forecast_load;
BEGIN
    SELECT * INTO STRICT loaded FROM clv.forecast_load WHERE load_id = p_load_id;
    -- Again, because a newer run may have been planned while the rows were loading.
    PERFORM clv.claim_month(loaded.as_of, loaded.run_id);
    INSERT INTO clv.published_history (as_of, run_id, load_id, replaced_run_id, replaced_load_id)
    SELECT loaded.as_of, loaded.run_id, loaded.load_id, published.run_id, published.load_id
    FROM (VALUES (loaded.as_of)) AS month (as_of)
    LEFT JOIN clv.published USING (as_of);
    INSERT INTO clv.published (as_of, run_id, load_id)
    VALUES (loaded.as_of, loaded.run_id, loaded.load_id)
    ON CONFLICT (as_of) DO UPDATE
    SET run_id = excluded.run_id, load_id = excluded.load_id, published_at = excluded.published_at;
    -- Not worth waiting for a vacuum that is under way: autovacuum will gather statistics in its time.
    ANALYZE (SKIP_LOCKED) clv.forecast_rows, clv.published;
END
$$;

COMMENT ON FUNCTION clv.publish_load(bigint) IS
'Point readers at a load, provided that its run is still the newest of its month';

REVOKE ALL ON FUNCTION
clv.claim_month(date, bigint), clv.begin_load(date, bigint), clv.publish_load(bigint) FROM public;
GRANT EXECUTE ON FUNCTION clv.begin_load(date, bigint), clv.publish_load(bigint) TO clv_writer;
