-- What a run read can be read again: the version of each table of the lake.
SET LOCAL ROLE clv_owner;

ALTER TABLE clv.run ADD COLUMN lake_versions jsonb;

COMMENT ON COLUMN clv.run.lake_versions IS
'Table of the lake -> the version that the run reads: that of its plan, then those that it published from';

GRANT UPDATE (lake_versions) ON clv.run TO clv_writer;

CREATE OR REPLACE VIEW clv.all_runs AS
SELECT
    run.run_id,
    run.as_of,
    CASE
        WHEN run.is_dry_run THEN 'dry run'
        WHEN published.run_id IS NOT NULL THEN 'published'
        WHEN last_move.flip_id IS NOT NULL AND last_move.run_id IS NULL THEN 'withdrawn'
        WHEN load.run_id IS NOT NULL THEN 'replaced'
        WHEN newer.run_id IS NOT NULL THEN 'superseded'
        WHEN failure.was_refused THEN 'refused'
        WHEN NOT failure.was_refused THEN 'failed'
        ELSE 'running'
    END AS status,
    run.trigger,
    coalesce(load.model_version, run.model_version) AS model_version,
    load.forecast_rows,
    load.clv_12m_total,
    load.content_hash,
    run.planned_at,
    load.loaded_at AS published_at,
    run.model_choice,
    run.plan,
    to_char((run.as_of - 1)::timestamp, 'YYYY-MM') AS data_month,
    run.value_basis,
    run.lake_versions
FROM clv.run
LEFT JOIN clv.published_load AS published ON run.run_id = published.run_id
LEFT JOIN LATERAL (
    SELECT
        forecast_load.run_id,
        forecast_load.model_version,
        forecast_load.forecast_rows,
        forecast_load.clv_12m_total,
        forecast_load.content_hash,
        forecast_load.loaded_at
    FROM clv.forecast_load
    WHERE forecast_load.run_id = run.run_id
    ORDER BY forecast_load.load_id DESC
    LIMIT 1
) AS load ON TRUE
LEFT JOIN LATERAL (
    SELECT
        published_history.flip_id,
        published_history.run_id
    FROM clv.published_history
    WHERE published_history.replaced_run_id = run.run_id
    ORDER BY published_history.flip_id DESC
    LIMIT 1
) AS last_move ON TRUE
LEFT JOIN LATERAL (
    SELECT run_failure.was_refused
    FROM clv.run_failure
    LEFT JOIN clv.run_task ON run_failure.run_id = run_task.run_id AND run_failure.task = run_task.task
    WHERE
        run_failure.run_id = run.run_id
        AND (run_task.finished_at IS NULL OR run_task.finished_at < run_failure.failed_at)
    ORDER BY run_failure.failed_at DESC
    LIMIT 1
) AS failure ON TRUE
LEFT JOIN LATERAL (
    SELECT max(later.run_id) AS run_id
    FROM clv.run AS later
    WHERE
        later.as_of = run.as_of
        AND later.value_basis = run.value_basis
        AND later.run_id > run.run_id
        AND NOT later.is_dry_run
) AS newer ON TRUE;

COMMENT ON COLUMN clv.all_runs.lake_versions IS
'Table of the lake -> the version that the run reads: that of its plan, then those that it published from';
