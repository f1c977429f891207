-- Plans in full, and the choices of a run that change how it goes about its month: dry runs, restatements, the model.
SET LOCAL ROLE clv_owner;

ALTER TABLE clv.run
ADD COLUMN is_dry_run boolean NOT NULL DEFAULT FALSE,
ADD COLUMN model_choice text NOT NULL DEFAULT 'as_of' CHECK (model_choice IN ('as_of', 'champion')),
ADD COLUMN restate text NOT NULL DEFAULT 'refuse' CHECK (restate IN ('refuse', 'accept')),
ADD COLUMN plan jsonb;

COMMENT ON TABLE clv.run IS
'One row per planned run. Of the standard runs of one month only the newest may publish; special and dry runs never do';
COMMENT ON COLUMN clv.run.is_dry_run IS 'Whether the run ended with its plan';
COMMENT ON COLUMN clv.run.model_choice IS
'as_of: scores with a model of what was known then; champion: with the champion of the day the run was made';
COMMENT ON COLUMN clv.run.restate IS
'What was to be done about months delivered otherwise since they were ingested: refuse the run, or accept them';
COMMENT ON COLUMN clv.run.plan IS
'The plan in full: months, files and fingerprints of the input, snapshots, model, what is replaced, what differs';

COMMENT ON COLUMN clv.model_decision.decision IS
'first, promoted, kept_champion, not_promoted, backfill, todays_champion: see docs/decisions/0006; chosen: by hand';
COMMENT ON COLUMN clv.model_decision.decided_by IS 'gate, run parameter, or who chose';
COMMENT ON COLUMN clv.model_decisions.decision IS
'first: no champion before; promoted: took the champion''s place; kept_champion: the champion forecasts; not_promoted: '
'forecasts for want of a champion; backfill: forecasts its old month alone; todays_champion: forecasts because the run '
'asked for the champion, nothing was judged; chosen: made champion by hand';
COMMENT ON COLUMN clv.model_decisions.decided_by IS 'gate, run parameter, or who chose';

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

CREATE OR REPLACE VIEW clv.runs AS
SELECT
    run.run_id,
    run.as_of,
    CASE
        WHEN run.is_dry_run THEN 'dry run'
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
WHERE NOT run.is_special;

COMMENT ON COLUMN clv.runs.status IS
'published: readers see it; replaced: they did, until another run of its month; planned: it has not published; '
'dry run: it ended with its plan';
COMMENT ON COLUMN clv.runs.model_choice IS
'as_of: scored with a model of what was known then; champion: with the champion of the day the run was made';
COMMENT ON COLUMN clv.runs.plan IS
'The plan in full: months, files and fingerprints of the input, snapshots, model, what is replaced, what differs';
