-- How a load becomes the published one. These functions act as clv_owner, the only role that may move the pointer, so
-- that it never moves without the checks.
SET LOCAL ROLE clv_owner;

CREATE FUNCTION clv.claim_month(p_as_of date, p_run_id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    run clv.run;
    newest_run_id bigint;
BEGIN
    BEGIN
        -- 1129074224 is 'CLV0' in ASCII: it keeps these locks apart from those of other applications.
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
    IF run.is_dry_run THEN
        RAISE EXCEPTION 'run % is a dry run, which publishes nothing: nothing was changed', p_run_id
        USING HINT = 'Trigger the month without dry_run.';
    END IF;
    SELECT max(run_id) INTO newest_run_id FROM clv.run WHERE as_of = p_as_of AND NOT is_special AND NOT is_dry_run;
    IF newest_run_id <> p_run_id THEN
        RAISE EXCEPTION 'run % of % is superseded by run %: nothing was changed', p_run_id, p_as_of, newest_run_id
        USING HINT = 'Let the newer run publish, or clear this one from its plan task on: that gives it a newer run id.';
    END IF;
END
$$;

COMMENT ON FUNCTION clv.claim_month(date, bigint) IS
'Hold the month until the transaction ends, and refuse a run that is not the newest standard run planned for it';

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

CREATE FUNCTION clv.roll_back(
    p_as_of date, p_from_run_id bigint, p_to_run_id bigint, p_by text, p_because text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    shown clv.published;
    wanted clv.forecast_load;
    rows_there bigint;
BEGIN
    BEGIN
        -- The lock of clv.claim_month: a publish of the month comes before or after, whole.
        PERFORM pg_advisory_xact_lock(1129074224, p_as_of - date '2000-01-01');
    EXCEPTION WHEN lock_not_available THEN
        RAISE EXCEPTION 'a publish of % has not ended yet: nothing was changed', p_as_of
        USING HINT = 'Try again when it has.';
    END;
    SELECT * INTO shown FROM clv.published WHERE as_of = p_as_of;
    IF shown.run_id IS DISTINCT FROM p_from_run_id THEN
        RAISE EXCEPTION 'readers of % see run % now, not run %: nothing was changed',
            p_as_of, coalesce(shown.run_id::text, 'none'), p_from_run_id
        USING HINT = 'Another publish or rollback came first: check what readers see, then decide again.';
    END IF;
    SELECT * INTO wanted FROM clv.forecast_load
    WHERE as_of = p_as_of AND run_id = p_to_run_id
    ORDER BY load_id DESC LIMIT 1;
    SELECT count(*) INTO rows_there FROM clv.forecast_rows WHERE load_id = wanted.load_id;
    IF wanted.load_id IS NULL OR p_to_run_id = p_from_run_id OR rows_there <> wanted.forecast_rows THEN
        RAISE EXCEPTION 'run % has no whole forecast of % to go back to: nothing was changed', p_to_run_id, p_as_of
        USING HINT = 'SELECT run_id FROM clv.runs WHERE as_of = … AND status = ''replaced'' lists those that have.';
    END IF;
    INSERT INTO clv.published_history (
        as_of, run_id, load_id, replaced_run_id, replaced_load_id, rolled_back_by, because
    )
    VALUES (p_as_of, wanted.run_id, wanted.load_id, shown.run_id, shown.load_id, p_by, p_because);
    UPDATE clv.published
    SET run_id = wanted.run_id, load_id = wanted.load_id, published_at = now()
    WHERE as_of = p_as_of;
END
$$;

COMMENT ON FUNCTION clv.roll_back(date, bigint, bigint, text, text) IS
'Point readers of a month at another run that has loaded it, provided that they still see the expected run';

REVOKE ALL ON FUNCTION
clv.claim_month(date, bigint),
clv.begin_load(date, bigint),
clv.publish_load(bigint),
clv.roll_back(date, bigint, bigint, text, text)
FROM public;
GRANT EXECUTE ON FUNCTION
clv.begin_load(date, bigint), clv.publish_load(bigint), clv.roll_back(date, bigint, bigint, text, text)
TO clv_writer;
