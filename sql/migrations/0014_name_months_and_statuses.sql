-- Every view names the data month, a run's status says how it goes, a failure keeps its month and whether it was a
-- refusal, a withdrawn month can be put back, and a special load that is replaced leaves a record.
SET LOCAL ROLE clv_owner;

ALTER TABLE clv.run_failure
ADD COLUMN as_of date CONSTRAINT as_of_is_the_first_of_a_month CHECK (extract(DAY FROM as_of) = 1),
ADD COLUMN was_refused boolean NOT NULL DEFAULT FALSE;

CREATE INDEX run_failure_run_id ON clv.run_failure (run_id);

COMMENT ON COLUMN clv.run_failure.as_of IS
'First day after the data month that the task was for; empty where it did not know the month yet';
COMMENT ON COLUMN clv.run_failure.was_refused IS
'Whether the task refused its input (exit code 65), which is not retried';

CREATE OR REPLACE VIEW clv.forecast AS
SELECT
    published.as_of,
    forecast_rows.customer_id,
    forecast_rows.clv_1m,
    forecast_rows.clv_3m,
    forecast_rows.clv_6m,
    forecast_rows.clv_12m,
    forecast_rows.clv_12m_p10,
    forecast_rows.clv_12m_p90,
    forecast_rows.p_active_12m,
    forecast_rows.month_01,
    forecast_rows.month_02,
    forecast_rows.month_03,
    forecast_rows.month_04,
    forecast_rows.month_05,
    forecast_rows.month_06,
    forecast_rows.month_07,
    forecast_rows.month_08,
    forecast_rows.month_09,
    forecast_rows.month_10,
    forecast_rows.month_11,
    forecast_rows.month_12,
    forecast_rows.status,
    forecast_rows.method,
    forecast_rows.model_version,
    published.run_id,
    forecast_rows.reason_1,
    forecast_rows.reason_2,
    forecast_rows.reason_3,
    to_char((published.as_of - 1)::timestamp, 'YYYY-MM') AS data_month
FROM clv.published
INNER JOIN clv.forecast_rows ON published.load_id = forecast_rows.load_id;

CREATE OR REPLACE VIEW clv.forecast_current AS
SELECT
    as_of,
    customer_id,
    clv_1m,
    clv_3m,
    clv_6m,
    clv_12m,
    clv_12m_p10,
    clv_12m_p90,
    p_active_12m,
    month_01,
    month_02,
    month_03,
    month_04,
    month_05,
    month_06,
    month_07,
    month_08,
    month_09,
    month_10,
    month_11,
    month_12,
    status,
    method,
    model_version,
    run_id,
    reason_1,
    reason_2,
    reason_3,
    data_month
FROM clv.forecast
WHERE as_of = (SELECT max(published.as_of) FROM clv.published);

CREATE OR REPLACE VIEW clv.forecast_monthly AS
SELECT
    forecast.as_of,
    forecast.customer_id,
    (forecast.as_of + make_interval(months => horizon.horizon_month - 1))::date AS month,
    horizon.horizon_month,
    horizon.expected_net_value,
    forecast.data_month
FROM clv.forecast
CROSS JOIN LATERAL (
    VALUES
    (1, forecast.month_01),
    (2, forecast.month_02),
    (3, forecast.month_03),
    (4, forecast.month_04),
    (5, forecast.month_05),
    (6, forecast.month_06),
    (7, forecast.month_07),
    (8, forecast.month_08),
    (9, forecast.month_09),
    (10, forecast.month_10),
    (11, forecast.month_11),
    (12, forecast.month_12)
) AS horizon (horizon_month, expected_net_value);

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
    published_at,
    to_char((as_of - 1)::timestamp, 'YYYY-MM') AS data_month
FROM clv.published_history;

CREATE OR REPLACE VIEW clv.model_decisions AS
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
    decided_at,
    model_name,
    took_effect_at,
    to_char((as_of - 1)::timestamp, 'YYYY-MM') AS data_month
FROM clv.model_decision;

CREATE OR REPLACE VIEW clv.special_forecast AS
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
    special_rows.model_version,
    to_char((run.as_of - 1)::timestamp, 'YYYY-MM') AS data_month
FROM clv.special_rows
INNER JOIN clv.run ON special_rows.run_id = run.run_id;

CREATE OR REPLACE VIEW clv.special_total AS
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
    special_load.loaded_at,
    to_char((run.as_of - 1)::timestamp, 'YYYY-MM') AS data_month
FROM clv.special_load
INNER JOIN clv.run ON special_load.run_id = run.run_id;

CREATE OR REPLACE VIEW clv.run_failures AS
SELECT
    run_failure.run_id,
    coalesce(run_failure.as_of, run.as_of) AS as_of,
    run_failure.dag_run_id,
    run_failure.task,
    run_failure.attempt,
    run_failure.reason,
    run_failure.failed_at,
    run_failure.was_refused,
    to_char((coalesce(run_failure.as_of, run.as_of) - 1)::timestamp, 'YYYY-MM') AS data_month
FROM clv.run_failure
LEFT JOIN clv.run ON run_failure.run_id = run.run_id;

-- A failure counts until the same task has finished: other tasks may finish after it.
CREATE OR REPLACE VIEW clv.runs AS
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
    to_char((run.as_of - 1)::timestamp, 'YYYY-MM') AS data_month
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
    WHERE later.as_of = run.as_of AND later.run_id > run.run_id AND NOT later.is_special AND NOT later.is_dry_run
) AS newer ON TRUE
WHERE NOT run.is_special;

COMMENT ON COLUMN clv.runs.status IS
'running: planned, and neither published nor failed; published: readers see it; replaced: they did, until another run '
'of its month; withdrawn: they did, until the month was withdrawn; failed: a task failed and has not finished since; '
'refused: the same, and it refused its input; superseded: a newer run of its month was planned before it published; '
'dry run: it ended with its plan';
COMMENT ON COLUMN clv.run_failures.as_of IS
'First day after the data month; empty where the task did not know the month yet';
COMMENT ON COLUMN clv.run_failures.was_refused IS
'Whether the task refused its input (exit code 65), which is not retried';
COMMENT ON COLUMN clv.publications.what IS
'published: by its run; rolled back: by a person, to another run, also of a withdrawn month; withdrawn: by a person, '
'to no run';
COMMENT ON COLUMN clv.publications.replaced_run_id IS
'The run they saw before; empty for the first of a month and where the month was withdrawn';
COMMENT ON COLUMN clv.forecast.data_month IS 'The data month, YYYY-MM: the month before as_of';
COMMENT ON COLUMN clv.forecast_current.data_month IS 'The data month, YYYY-MM: the month before as_of';
COMMENT ON COLUMN clv.forecast_monthly.data_month IS 'The data month, YYYY-MM: the month before as_of';
COMMENT ON COLUMN clv.runs.data_month IS 'The data month, YYYY-MM: the month before as_of';
COMMENT ON COLUMN clv.publications.data_month IS 'The data month, YYYY-MM: the month before as_of';
COMMENT ON COLUMN clv.model_decisions.data_month IS
'The data month that the version was trained on, YYYY-MM: the month before as_of';
COMMENT ON COLUMN clv.run_failures.data_month IS
'The data month, YYYY-MM: the month before as_of; empty where the task did not know the month yet';
COMMENT ON COLUMN clv.special_forecast.data_month IS 'The data month, YYYY-MM: the month before as_of';
COMMENT ON COLUMN clv.special_total.data_month IS 'The data month, YYYY-MM: the month before as_of';

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
    IF shown.run_id IS DISTINCT FROM p_from_run_id THEN
        RAISE EXCEPTION 'readers of % see run % now, not run %: nothing was changed',
            p_as_of, coalesce(shown.run_id::text, 'none'), coalesce(p_from_run_id::text, 'none')
        USING HINT = 'Another publish or rollback came first: check what readers see, then decide again.';
    END IF;
    -- A month that readers see nothing of was withdrawn, or never published.
    IF shown.run_id IS NULL AND NOT EXISTS (SELECT FROM clv.published_history WHERE as_of = p_as_of) THEN
        RAISE EXCEPTION 'no run of % was ever published: nothing was changed', p_as_of
        USING HINT = 'Run the month to publish it.';
    END IF;
    SELECT * INTO wanted FROM clv.forecast_load
    WHERE as_of = p_as_of AND run_id = p_to_run_id
    ORDER BY load_id DESC LIMIT 1;
    SELECT count(*) INTO rows_there FROM clv.forecast_rows WHERE load_id = wanted.load_id;
    IF wanted.load_id IS NULL OR p_to_run_id = p_from_run_id OR rows_there <> wanted.forecast_rows THEN
        RAISE EXCEPTION 'run % has no whole forecast of % to go back to: nothing was changed', p_to_run_id, p_as_of
        USING HINT = 'SELECT run_id FROM clv.runs WHERE as_of = … AND status IN (''replaced'', ''withdrawn'') lists '
            'those that have.';
    END IF;
    INSERT INTO clv.published_history (
        as_of, run_id, load_id, replaced_run_id, replaced_load_id, rolled_back_by, because
    )
    VALUES (p_as_of, wanted.run_id, wanted.load_id, shown.run_id, shown.load_id, p_by, p_because);
    INSERT INTO clv.published (as_of, run_id, load_id)
    VALUES (p_as_of, wanted.run_id, wanted.load_id)
    ON CONFLICT (as_of) DO UPDATE
    SET run_id = excluded.run_id, load_id = excluded.load_id, published_at = excluded.published_at;
END
$$;

COMMENT ON FUNCTION clv.roll_back(date, bigint, bigint, text, text) IS
'Point readers of a month at another run that has loaded it, provided that they still see the expected run: none '
'where the month was withdrawn';

CREATE TABLE clv.special_history (
    replacement_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id bigint NOT NULL REFERENCES clv.run (run_id),
    replaced_run_id bigint NOT NULL REFERENCES clv.run (run_id),
    model_version bigint NOT NULL,
    customers bigint NOT NULL,
    clv numeric(18, 2) NOT NULL,
    lake_fingerprint text NOT NULL,
    loaded_at timestamptz NOT NULL,
    replaced_at timestamptz NOT NULL DEFAULT now(),
    replaced_by text NOT NULL DEFAULT session_user
);

COMMENT ON TABLE clv.special_history IS 'One row per load of a special run that another load took the place of';
COMMENT ON COLUMN clv.special_history.replacement_id IS 'Number of the replacement; grows';
COMMENT ON COLUMN clv.special_history.run_id IS 'The run that loaded instead; it may be the same';
COMMENT ON COLUMN clv.special_history.replaced_run_id IS 'The run whose load is gone';
COMMENT ON COLUMN clv.special_history.model_version IS 'Version of the registered model that had made that forecast';
COMMENT ON COLUMN clv.special_history.customers IS 'Customers in it';
COMMENT ON COLUMN clv.special_history.clv IS 'Sum of their clv';
COMMENT ON COLUMN clv.special_history.lake_fingerprint IS
'Fingerprint of the folder in the lake its rows had been read from';
COMMENT ON COLUMN clv.special_history.loaded_at IS 'When it had been loaded';
COMMENT ON COLUMN clv.special_history.replaced_at IS 'When it was replaced';
COMMENT ON COLUMN clv.special_history.replaced_by IS 'The database role that was logged in';

CREATE VIEW clv.special_replacements AS
SELECT
    replacement_id,
    run_id,
    replaced_run_id,
    model_version,
    customers,
    clv,
    loaded_at,
    replaced_at,
    replaced_by
FROM clv.special_history;

COMMENT ON VIEW clv.special_replacements IS 'Every load of a special run that another load took the place of';
COMMENT ON COLUMN clv.special_replacements.replacement_id IS 'Number of the replacement; grows';
COMMENT ON COLUMN clv.special_replacements.run_id IS 'The run that loaded instead; it may be the same';
COMMENT ON COLUMN clv.special_replacements.replaced_run_id IS 'The run whose load is gone';
COMMENT ON COLUMN clv.special_replacements.model_version IS
'Version of the registered model that had made that forecast';
COMMENT ON COLUMN clv.special_replacements.customers IS 'Customers in it';
COMMENT ON COLUMN clv.special_replacements.clv IS 'Sum of their clv';
COMMENT ON COLUMN clv.special_replacements.loaded_at IS 'When it had been loaded';
COMMENT ON COLUMN clv.special_replacements.replaced_at IS 'When it was replaced';
COMMENT ON COLUMN clv.special_replacements.replaced_by IS 'The database role that was logged in';

GRANT SELECT ON clv.special_replacements TO clv_writer, clv_reader;

CREATE OR REPLACE FUNCTION clv.begin_special_load(p_run_id bigint) RETURNS void
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
    WITH gone AS (
        DELETE FROM clv.special_load WHERE run_id = ANY (same)
        RETURNING run_id, model_version, customers, clv, lake_fingerprint, loaded_at
    )
    INSERT INTO clv.special_history (
        run_id, replaced_run_id, model_version, customers, clv, lake_fingerprint, loaded_at
    )
    SELECT p_run_id, run_id, model_version, customers, clv, lake_fingerprint, loaded_at FROM gone;
END
$$;

COMMENT ON FUNCTION clv.begin_special_load(bigint) IS
'Make room for a special run: what it, or an earlier plan of the same Airflow run, has loaded goes, and leaves a '
'record in clv.special_history';
