-- What readers see of the runs: how each stands, what was published, decided, and why tasks failed.
SET LOCAL ROLE clv_owner;

CREATE VIEW clv.runs AS
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

COMMENT ON VIEW clv.runs IS
'Every standard run: how it stands, and what it published. Shows how fresh the forecast is';
COMMENT ON COLUMN clv.runs.run_id IS 'Number of the run';
COMMENT ON COLUMN clv.runs.as_of IS 'First day after the data month: the forecast starts on it';
COMMENT ON COLUMN clv.runs.status IS
'published: readers see it; replaced: they did, until another run of its month; planned: it has not published; '
'dry run: it ended with its plan';
COMMENT ON COLUMN clv.runs.trigger IS 'What started it: scheduled, backfill, manual, …';
COMMENT ON COLUMN clv.runs.model_version IS 'Version of the registered model';
COMMENT ON COLUMN clv.runs.forecast_rows IS 'Number of customers in its forecast; empty until it has published';
COMMENT ON COLUMN clv.runs.clv_12m_total IS 'Sum of clv_12m of its forecast; empty until it has published';
COMMENT ON COLUMN clv.runs.content_hash IS
'Hash of its forecast: equal forecasts have equal hashes; empty until it has published';
COMMENT ON COLUMN clv.runs.planned_at IS 'When it was planned';
COMMENT ON COLUMN clv.runs.published_at IS 'When it published last; empty until it has';
COMMENT ON COLUMN clv.runs.model_choice IS
'as_of: scored with a model of what was known then; champion: with the champion of the day the run was made';
COMMENT ON COLUMN clv.runs.plan IS
'The plan in full: months, files and fingerprints of the input, snapshots, model, what is replaced, what differs';

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
COMMENT ON COLUMN clv.publications.what IS 'published: by its run; rolled back: by a person, to an earlier run';
COMMENT ON COLUMN clv.publications.run_id IS 'The run that readers saw from then on';
COMMENT ON COLUMN clv.publications.replaced_run_id IS 'The run they saw before; empty for the first of a month';
COMMENT ON COLUMN clv.publications.by_whom IS 'The database role that published, or who rolled back';
COMMENT ON COLUMN clv.publications.because IS 'Why it was rolled back; empty where a run published it';
COMMENT ON COLUMN clv.publications.published_at IS 'When';

CREATE VIEW clv.model_decisions AS
SELECT
    decision_id,
    run_id,
    as_of,
    model_version,
    decision,
    forecast_by,
    champion_before,
    champion_after,
    array_to_string(reasons, E'\n') AS reasons,
    decided_by,
    decided_at
FROM clv.model_decision;

COMMENT ON VIEW clv.model_decisions IS 'Which model was judged when, what was decided and why; which was champion then';
COMMENT ON COLUMN clv.model_decisions.decision_id IS 'Number of the decision; grows';
COMMENT ON COLUMN clv.model_decisions.run_id IS 'The run whose gate decided; empty if it was chosen by hand';
COMMENT ON COLUMN clv.model_decisions.as_of IS 'First day after the data month that the version was trained on';
COMMENT ON COLUMN clv.model_decisions.model_version IS 'The version that was judged, or chosen';
COMMENT ON COLUMN clv.model_decisions.decision IS
'first: no champion before; promoted: took the champion''s place; kept_champion: the champion forecasts; not_promoted: '
'forecasts because there is no champion; backfill: forecasts its old month alone; todays_champion: forecasts because '
'the run asked for the champion, nothing was judged; chosen: made champion by hand';
COMMENT ON COLUMN clv.model_decisions.forecast_by IS 'The version that forecasts the run''s month; empty for a choice';
COMMENT ON COLUMN clv.model_decisions.champion_before IS 'The champion before; empty where there was none';
COMMENT ON COLUMN clv.model_decisions.champion_after IS 'The champion after; empty where there is none';
COMMENT ON COLUMN clv.model_decisions.reasons IS
'One sentence per comparison, or why it was chosen; one line each';
COMMENT ON COLUMN clv.model_decisions.decided_by IS 'gate, run parameter, or who chose';
COMMENT ON COLUMN clv.model_decisions.decided_at IS 'When it was decided';

CREATE VIEW clv.run_failures AS
SELECT
    run_failure.run_id,
    run.as_of,
    run_failure.dag_run_id,
    run_failure.task,
    run_failure.attempt,
    run_failure.reason,
    run_failure.failed_at
FROM clv.run_failure
LEFT JOIN clv.run ON run_failure.run_id = run.run_id;

COMMENT ON VIEW clv.run_failures IS 'What failed when, and why: one row per attempt at a task';
COMMENT ON COLUMN clv.run_failures.run_id IS 'The run; empty where none had been planned yet';
COMMENT ON COLUMN clv.run_failures.as_of IS 'First day after the run''s data month';
COMMENT ON COLUMN clv.run_failures.dag_run_id IS 'The Airflow run';
COMMENT ON COLUMN clv.run_failures.task IS 'The task';
COMMENT ON COLUMN clv.run_failures.attempt IS
'Airflow''s number of the attempt, from 1 on; goes on when a task is cleared';
COMMENT ON COLUMN clv.run_failures.reason IS 'Why it failed: at most 500 characters, no secrets';
COMMENT ON COLUMN clv.run_failures.failed_at IS 'When it failed';

GRANT SELECT ON clv.runs, clv.publications, clv.model_decisions, clv.run_failures TO clv_writer, clv_reader;
