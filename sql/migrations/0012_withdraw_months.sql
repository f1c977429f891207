-- A publication can be withdrawn, and a run that was taken back does not come back by itself.
SET LOCAL ROLE clv_owner;

ALTER TABLE clv.published_history
ALTER COLUMN run_id DROP NOT NULL,
ALTER COLUMN load_id DROP NOT NULL,
ADD CONSTRAINT a_withdrawal_has_a_name CHECK (
    (run_id IS NULL) = (load_id IS NULL)
    AND (run_id IS NOT NULL OR (replaced_run_id IS NOT NULL AND rolled_back_by IS NOT NULL))
);

COMMENT ON COLUMN clv.published_history.run_id IS 'The run it moved to; empty where the month was withdrawn';
COMMENT ON COLUMN clv.published_history.load_id IS 'The load it moved to; empty where the month was withdrawn';
COMMENT ON COLUMN clv.published_history.rolled_back_by IS
'Who rolled the month back or withdrew it; empty where a run published it';
COMMENT ON COLUMN clv.published_history.because IS 'Why; empty where a run published it';

CREATE OR REPLACE FUNCTION clv.claim_month(p_as_of date, p_run_id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    run clv.run;
    newest_run_id bigint;
    last_move clv.published_history;
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
    SELECT * INTO last_move FROM clv.published_history
    WHERE as_of = p_as_of AND p_run_id IN (run_id, replaced_run_id)
    ORDER BY flip_id DESC LIMIT 1;
    IF last_move.replaced_run_id = p_run_id AND last_move.rolled_back_by IS NOT NULL THEN
        RAISE EXCEPTION 'run % of % was taken back by %: nothing was changed',
            p_run_id, p_as_of, last_move.rolled_back_by
        USING HINT = 'If it is to be published after all, clear it from its plan task on: that gives it a newer run id.';
    END IF;
END
$$;

COMMENT ON FUNCTION clv.claim_month(date, bigint) IS
'Hold the month until the transaction ends, and refuse a run that is not the newest standard run planned for it, or '
'was taken back';

-- A month that is not published has nothing to roll back.
CREATE OR REPLACE FUNCTION clv.roll_back(
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
    IF shown.run_id IS NULL OR shown.run_id IS DISTINCT FROM p_from_run_id THEN
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

CREATE FUNCTION clv.withdraw(p_as_of date, p_run_id bigint, p_by text, p_because text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    shown clv.published;
BEGIN
    BEGIN
        -- The lock of clv.claim_month: a publish of the month comes before or after, whole.
        PERFORM pg_advisory_xact_lock(1129074224, p_as_of - date '2000-01-01');
    EXCEPTION WHEN lock_not_available THEN
        RAISE EXCEPTION 'a publish of % has not ended yet: nothing was changed', p_as_of
        USING HINT = 'Try again when it has.';
    END;
    SELECT * INTO shown FROM clv.published WHERE as_of = p_as_of;
    IF shown.run_id IS NULL OR shown.run_id IS DISTINCT FROM p_run_id THEN
        RAISE EXCEPTION 'readers of % see run % now, not run %: nothing was changed',
            p_as_of, coalesce(shown.run_id::text, 'none'), p_run_id
        USING HINT = 'Another publish or rollback came first: check what readers see, then decide again.';
    END IF;
    INSERT INTO clv.published_history (as_of, replaced_run_id, replaced_load_id, rolled_back_by, because)
    VALUES (p_as_of, shown.run_id, shown.load_id, p_by, p_because);
    DELETE FROM clv.published WHERE as_of = p_as_of;
END
$$;

COMMENT ON FUNCTION clv.withdraw(date, bigint, text, text) IS
'Show readers no forecast of a month, provided that they still see the expected run; its rows stay';

REVOKE ALL ON FUNCTION clv.withdraw(date, bigint, text, text) FROM public;
GRANT EXECUTE ON FUNCTION clv.withdraw(date, bigint, text, text) TO clv_writer;

CREATE OR REPLACE VIEW clv.runs AS
SELECT
    run.run_id,
    run.as_of,
    CASE
        WHEN run.is_dry_run THEN 'dry run'
        WHEN published.run_id IS NOT NULL THEN 'published'
        WHEN withdrawal.flip_id IS NOT NULL THEN 'withdrawn'
        WHEN load.run_id IS NOT NULL THEN 'replaced'
        ELSE 'planned'
    END AS status,
    run.trigger,
    coalesce(load.model_version, run.model_version) AS model_version,
    load.forecast_rows,
    load.clv_12m_total,
    load.content_hash,
    run.planned_at,
    load.loaded_at AS published_at,
    run.model_choice,
    run.plan
FROM clv.run
LEFT JOIN clv.published ON run.run_id = published.run_id
LEFT JOIN LATERAL (
    SELECT forecast_load.*
    FROM clv.forecast_load
    WHERE forecast_load.run_id = run.run_id
    ORDER BY forecast_load.load_id DESC
    LIMIT 1
) AS load ON TRUE
LEFT JOIN LATERAL (
    SELECT published_history.flip_id
    FROM clv.published_history
    WHERE published_history.replaced_run_id = run.run_id AND published_history.run_id IS NULL
    ORDER BY published_history.flip_id DESC
    LIMIT 1
) AS withdrawal ON TRUE
WHERE NOT run.is_special;

COMMENT ON COLUMN clv.runs.status IS
'published: readers see it; replaced: they did, until another run of its month; withdrawn: they did, until the month '
'was withdrawn; planned: it has not published; dry run: it ended with its plan';

CREATE OR REPLACE VIEW clv.publications AS
SELECT
    flip_id,
    as_of,
    CASE
        WHEN run_id IS NULL THEN 'withdrawn'
        WHEN rolled_back_by IS NULL THEN 'published'
        ELSE 'rolled back'
    END AS what,
    run_id,
    replaced_run_id,
    coalesce(rolled_back_by, published_by) AS by_whom,
    because,
    published_at
FROM clv.published_history;

COMMENT ON COLUMN clv.publications.what IS
'published: by its run; rolled back: by a person, to an earlier run; withdrawn: by a person, to no run';
COMMENT ON COLUMN clv.publications.run_id IS 'The run that readers saw from then on; empty where it was withdrawn';
COMMENT ON COLUMN clv.publications.by_whom IS 'The database role that published, or who rolled back or withdrew';
COMMENT ON COLUMN clv.publications.because IS 'Why it was rolled back or withdrawn; empty where a run published it';
