-- Rolling back: the pointer of a month moves to a forecast that was loaded before, by somebody, for a reason.
SET LOCAL ROLE clv_owner;

ALTER TABLE clv.published_history
ADD COLUMN rolled_back_by text,
ADD COLUMN because text,
ADD CONSTRAINT a_rollback_has_a_name_and_a_reason CHECK (
    (rolled_back_by IS NULL AND because IS NULL)
    OR (btrim(rolled_back_by) <> '' AND btrim(because) <> '' AND rolled_back_by IS NOT NULL AND because IS NOT NULL)
);

COMMENT ON COLUMN clv.published_history.rolled_back_by IS 'Who rolled the month back; empty where a run published it';
COMMENT ON COLUMN clv.published_history.because IS 'Why it was rolled back; empty where a run published it';

CREATE VIEW clv.publications AS
SELECT
    flip_id,
    as_of,
    CASE WHEN rolled_back_by IS NULL THEN 'published' ELSE 'rolled back' END AS what,
    run_id,
    replaced_run_id,
    coalesce(rolled_back_by, published_by) AS by_whom,
    because,
    published_at
FROM clv.published_history;

COMMENT ON VIEW clv.publications IS 'Every change of what readers see of a month: who made it, when and why';
COMMENT ON COLUMN clv.publications.flip_id IS 'Number of the change; grows';
COMMENT ON COLUMN clv.publications.as_of IS 'First day after the data month: the forecast starts on it';
COMMENT ON COLUMN clv.publications.what IS 'published: by its run; rolled back: by somebody, to a run of before';
COMMENT ON COLUMN clv.publications.run_id IS 'The run that readers saw from then on';
COMMENT ON COLUMN clv.publications.replaced_run_id IS 'The run they saw before; empty for the first of a month';
COMMENT ON COLUMN clv.publications.by_whom IS 'The database role that published, or who rolled back';
COMMENT ON COLUMN clv.publications.because IS 'Why it was rolled back; empty where a run published it';
COMMENT ON COLUMN clv.publications.published_at IS 'When';

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
        USING HINT = 'Somebody published or rolled back meanwhile: look again, then decide anew.';
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
'Point readers of a month at another run that has loaded it, provided that they see the run they are said to see';

REVOKE ALL ON FUNCTION clv.roll_back(date, bigint, bigint, text, text) FROM public;
GRANT EXECUTE ON FUNCTION clv.roll_back(date, bigint, bigint, text, text) TO clv_writer;
GRANT SELECT ON clv.publications TO clv_writer, clv_reader;
