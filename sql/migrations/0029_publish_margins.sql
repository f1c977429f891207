-- One kind of run. Special runs go; what a shop keeps of its revenue is published beside the revenue, month by month,
-- by runs of the same kind. What shows revenue alone stays as it is: the tables it reads become partitions.
SET LOCAL ROLE clv_owner;

DROP VIEW clv.special_forecast, clv.special_total, clv.special_replacements;
DROP TABLE clv.special_rows, clv.special_history, clv.special_load;
DROP FUNCTION clv.begin_special_load(bigint);
DROP FUNCTION clv.refuse_rows_of_loaded_special_runs();

DELETE FROM clv.model_decision
USING clv.run
WHERE model_decision.run_id = run.run_id AND run.is_special;
DELETE FROM clv.run_failure
USING clv.run
WHERE run_failure.run_id = run.run_id AND run.is_special;
DELETE FROM clv.run_task
USING clv.run
WHERE run_task.run_id = run.run_id AND run.is_special;
DELETE FROM clv.validation_rows
USING clv.run
WHERE validation_rows.run_id = run.run_id AND run.is_special;
DELETE FROM clv.ingested_rows
USING clv.run
WHERE ingested_rows.run_id = run.run_id AND run.is_special;
DELETE FROM clv.rejected_rows
USING clv.run
WHERE rejected_rows.run_id = run.run_id AND run.is_special;
DELETE FROM clv.run
WHERE is_special;

-- A month is published once for each value basis.
CREATE TABLE clv.published_load (
    as_of date NOT NULL,
    run_id bigint NOT NULL,
    load_id bigint NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(),
    value_basis text NOT NULL,
    PRIMARY KEY (as_of, value_basis),
    FOREIGN KEY (load_id, run_id, as_of) REFERENCES clv.forecast_load (load_id, run_id, as_of)
) PARTITION BY LIST (value_basis);

ALTER TABLE clv.published ADD COLUMN value_basis text NOT NULL DEFAULT 'net_revenue';
ALTER TABLE clv.published DROP CONSTRAINT published_pkey, ADD PRIMARY KEY (as_of, value_basis);
DO $$
BEGIN
    ALTER TABLE clv.published_load ATTACH PARTITION clv.published FOR VALUES IN ('net_revenue');
END
$$;
CREATE TABLE clv.published_margin PARTITION OF clv.published_load FOR VALUES IN ('margin');

COMMENT ON TABLE clv.published_load IS 'The pointer: which load readers see for each month and value basis';
COMMENT ON TABLE clv.published IS 'The pointer of net revenue: which load readers see for each month';
COMMENT ON TABLE clv.published_margin IS 'The pointer of the margin: which load readers see for each month';
COMMENT ON COLUMN clv.published.value_basis IS 'What value is counted in: net_revenue or margin';

ALTER TABLE clv.published_history ADD COLUMN value_basis text NOT NULL DEFAULT 'net_revenue';
COMMENT ON COLUMN clv.published_history.value_basis IS 'What value is counted in: net_revenue or margin';

-- What customers brought, in each value basis.
CREATE TABLE clv.realised_month (
    month date NOT NULL,
    customers bigint NOT NULL,
    net_value_total numeric NOT NULL,
    currency text NOT NULL,
    lake_fingerprint text NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now(),
    value_basis text NOT NULL,
    CONSTRAINT actual_month_is_a_first_day CHECK (extract(DAY FROM month) = 1),
    PRIMARY KEY (month, value_basis)
) PARTITION BY LIST (value_basis);

CREATE TABLE clv.realised_rows (
    month date NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    net_value numeric(18, 4) NOT NULL,
    orders bigint NOT NULL,
    value_basis text NOT NULL,
    PRIMARY KEY (month, customer_id, value_basis)
) PARTITION BY LIST (value_basis);

ALTER TABLE clv.actual_month ADD COLUMN value_basis text NOT NULL DEFAULT 'net_revenue';
ALTER TABLE clv.actual_month DROP CONSTRAINT actual_month_pkey, ADD PRIMARY KEY (month, value_basis);
DO $$
BEGIN
    ALTER TABLE clv.realised_month ATTACH PARTITION clv.actual_month FOR VALUES IN ('net_revenue');
END
$$;
CREATE TABLE clv.actual_month_margin PARTITION OF clv.realised_month FOR VALUES IN ('margin');

ALTER TABLE clv.actual_rows ADD COLUMN value_basis text NOT NULL DEFAULT 'net_revenue';
ALTER TABLE clv.actual_rows DROP CONSTRAINT actual_rows_pkey, ADD PRIMARY KEY (month, customer_id, value_basis);
DO $$
BEGIN
    ALTER TABLE clv.realised_rows ATTACH PARTITION clv.actual_rows FOR VALUES IN ('net_revenue');
END
$$;
CREATE TABLE clv.actual_rows_margin PARTITION OF clv.realised_rows FOR VALUES IN ('margin');
CREATE INDEX actual_rows_margin_customer ON clv.actual_rows_margin (customer_id, month);

COMMENT ON TABLE clv.realised_month IS 'One row per calendar month and value basis whose actual values are loaded';
COMMENT ON TABLE clv.actual_month_margin IS 'One row per calendar month whose actual margin is loaded';
COMMENT ON TABLE clv.realised_rows IS
'One row per calendar month, customer and value basis, where the customer brought anything';
COMMENT ON TABLE clv.actual_rows_margin IS
'One row per calendar month and customer with a margin. Readers see them in clv.margin_actual';
COMMENT ON COLUMN clv.actual_month.value_basis IS 'What value is counted in: net_revenue or margin';
COMMENT ON COLUMN clv.actual_rows.value_basis IS 'What value is counted in: net_revenue or margin';

DROP FUNCTION clv.clear_actual_month(date);

CREATE FUNCTION clv.clear_actual_month(p_month date, p_value_basis text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- One load at a time; readers are not blocked.
    LOCK TABLE clv.realised_month IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM clv.realised_rows WHERE month = p_month AND value_basis = p_value_basis;
    DELETE FROM clv.realised_month WHERE month = p_month AND value_basis = p_value_basis;
END
$$;

COMMENT ON FUNCTION clv.clear_actual_month(date, text) IS
'Make room for the actual values of a month in a value basis; no other load can begin until the transaction ends';

-- What a run counts value in is all that is left of its parameters.
CREATE VIEW clv.all_runs AS
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
    run.value_basis
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

COMMENT ON VIEW clv.all_runs IS 'The runs of every value basis: as clv.runs, which shows those of net revenue';
COMMENT ON COLUMN clv.all_runs.value_basis IS 'What value is counted in: net_revenue or margin';

CREATE OR REPLACE VIEW clv.runs AS
SELECT
    run_id,
    as_of,
    status,
    trigger,
    model_version,
    forecast_rows,
    clv_12m_total,
    content_hash,
    planned_at,
    published_at,
    model_choice,
    plan,
    data_month
FROM clv.all_runs
WHERE value_basis = 'net_revenue';

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
FROM clv.published_history
WHERE value_basis = 'net_revenue';

-- What runs on net revenue read and validated; those on the margin read another lake.
CREATE OR REPLACE VIEW clv.validation AS
SELECT
    to_char((run.as_of - 1)::timestamp, 'YYYY-MM') AS data_month,
    run.as_of,
    results.run_id,
    results.stage,
    results.suite,
    results.rule,
    results.column_name,
    results.says,
    results.severity,
    results.success,
    results.observed,
    results.allowed,
    results.unexpected_rows
FROM clv.validation_rows AS results
INNER JOIN clv.run ON results.run_id = run.run_id
WHERE run.value_basis = 'net_revenue';

CREATE OR REPLACE VIEW clv.ingested AS
SELECT
    to_char((run.as_of - 1)::timestamp, 'YYYY-MM') AS data_month,
    run.as_of,
    counts.run_id,
    counts.table_name,
    counts.month,
    counts.clean_rows + counts.rejected_rows AS delivered_rows,
    counts.clean_rows,
    counts.rejected_rows
FROM clv.ingested_rows AS counts
INNER JOIN clv.run ON counts.run_id = run.run_id
WHERE run.value_basis = 'net_revenue';

CREATE OR REPLACE VIEW clv.rejected AS
SELECT
    to_char((run.as_of - 1)::timestamp, 'YYYY-MM') AS data_month,
    run.as_of,
    counts.run_id,
    counts.table_name,
    counts.month,
    counts.reason,
    counts.rows
FROM clv.rejected_rows AS counts
INNER JOIN clv.run ON counts.run_id = run.run_id
WHERE run.value_basis = 'net_revenue';

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
    to_char((coalesce(run_failure.as_of, run.as_of) - 1)::timestamp, 'YYYY-MM') AS data_month,
    CASE WHEN run_failure.dag_run_id LIKE 'margin/%' THEN 'margin' ELSE 'net_revenue' END AS value_basis
FROM clv.run_failure
LEFT JOIN clv.run ON run_failure.run_id = run.run_id;

COMMENT ON COLUMN clv.run_failures.value_basis IS
'What value the run counts: margin for those of clv_monthly_margin, net_revenue for all others';

ALTER TABLE clv.run
DROP COLUMN is_special,
DROP COLUMN horizon_months,
DROP COLUMN segment,
DROP CONSTRAINT run_value_basis_check,
ADD CONSTRAINT run_value_basis_check CHECK (value_basis IN ('net_revenue', 'margin'));

COMMENT ON TABLE clv.run IS
'One row per planned run. Of the runs of a month and value basis only the newest may publish; dry runs never do';
COMMENT ON COLUMN clv.run.dag_run_id IS 'The Airflow run: its id; margin/ and its id in clv_monthly_margin';
COMMENT ON COLUMN clv.run.value_basis IS 'What value is counted in: net_revenue or margin';

CREATE FUNCTION clv.lock_month(p_as_of date, p_value_basis text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- 'CLV0' and 'CLV3' in ASCII: they keep these locks apart from those of other applications.
    PERFORM pg_advisory_xact_lock(
        CASE p_value_basis WHEN 'margin' THEN 1129074227 ELSE 1129074224 END, p_as_of - date '2000-01-01'
    );
EXCEPTION WHEN lock_not_available THEN
    RAISE EXCEPTION 'another publish of % has not ended yet: nothing was changed', p_as_of
    USING HINT = 'Try again when it has.';
END
$$;

COMMENT ON FUNCTION clv.lock_month(date, text) IS
'Let one transaction at a time change what readers see of a month in a value basis';
REVOKE ALL ON FUNCTION clv.lock_month(date, text) FROM public;

CREATE OR REPLACE FUNCTION clv.claim_month(p_as_of date, p_run_id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    run clv.run;
    newest_run_id bigint;
    last_move clv.published_history;
BEGIN
    SELECT * INTO run FROM clv.run WHERE run_id = p_run_id;
    IF run.as_of IS DISTINCT FROM p_as_of THEN
        RAISE EXCEPTION 'run % was not planned for as_of %: nothing was changed', p_run_id, p_as_of
        USING HINT = 'Publish with the as_of and the run id that the plan task returned.';
    END IF;
    IF run.is_dry_run THEN
        RAISE EXCEPTION 'run % is a dry run, which publishes nothing: nothing was changed', p_run_id
        USING HINT = 'Trigger the month without dry_run.';
    END IF;
    PERFORM clv.lock_month(p_as_of, run.value_basis);
    SELECT max(run_id) INTO newest_run_id
    FROM clv.run AS other
    WHERE other.as_of = p_as_of AND other.value_basis = run.value_basis AND NOT other.is_dry_run;
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

CREATE OR REPLACE FUNCTION clv.publish_load(p_load_id bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    loaded clv.forecast_load;
    basis text;
BEGIN
    SELECT * INTO STRICT loaded FROM clv.forecast_load WHERE load_id = p_load_id;
    -- Again, because a newer run may have been planned while the rows were loading.
    PERFORM clv.claim_month(loaded.as_of, loaded.run_id);
    SELECT value_basis INTO STRICT basis FROM clv.run WHERE run_id = loaded.run_id;
    INSERT INTO clv.published_history (as_of, run_id, load_id, replaced_run_id, replaced_load_id, value_basis)
    SELECT loaded.as_of, loaded.run_id, loaded.load_id, shown.run_id, shown.load_id, basis
    FROM (VALUES (loaded.as_of, basis)) AS month (as_of, value_basis)
    LEFT JOIN clv.published_load AS shown USING (as_of, value_basis);
    INSERT INTO clv.published_load (as_of, run_id, load_id, value_basis)
    VALUES (loaded.as_of, loaded.run_id, loaded.load_id, basis)
    ON CONFLICT (as_of, value_basis) DO UPDATE
    SET run_id = excluded.run_id, load_id = excluded.load_id, published_at = excluded.published_at;
    -- Not worth waiting for a vacuum that is under way: autovacuum will gather statistics in its time.
    ANALYZE (SKIP_LOCKED) clv.forecast_rows, clv.published, clv.published_margin;
END
$$;

CREATE OR REPLACE FUNCTION clv.roll_back(
    p_as_of date, p_from_run_id bigint, p_to_run_id bigint, p_by text, p_because text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    basis text;
    shown clv.published_load;
    wanted clv.forecast_load;
    rows_there bigint;
BEGIN
    SELECT value_basis INTO basis FROM clv.run WHERE run_id = p_to_run_id;
    basis := coalesce(basis, 'net_revenue');
    -- The lock of clv.claim_month: a publish of the month comes before or after, whole.
    PERFORM clv.lock_month(p_as_of, basis);
    SELECT * INTO shown FROM clv.published_load WHERE as_of = p_as_of AND value_basis = basis;
    IF shown.run_id IS DISTINCT FROM p_from_run_id THEN
        RAISE EXCEPTION 'readers of % see run % now, not run %: nothing was changed',
            p_as_of, coalesce(shown.run_id::text, 'none'), coalesce(p_from_run_id::text, 'none')
        USING HINT = 'Another publish or rollback came first: check what readers see, then decide again.';
    END IF;
    -- A month that readers see nothing of was withdrawn, or never published.
    IF shown.run_id IS NULL AND NOT EXISTS (
        SELECT FROM clv.published_history WHERE as_of = p_as_of AND value_basis = basis
    ) THEN
        RAISE EXCEPTION 'no run of % was ever published: nothing was changed', p_as_of
        USING HINT = 'Run the month to publish it.';
    END IF;
    SELECT * INTO wanted FROM clv.forecast_load
    WHERE as_of = p_as_of AND run_id = p_to_run_id
    ORDER BY load_id DESC LIMIT 1;
    SELECT count(*) INTO rows_there FROM clv.forecast_rows WHERE load_id = wanted.load_id;
    IF wanted.load_id IS NULL OR p_to_run_id = p_from_run_id OR rows_there <> wanted.forecast_rows THEN
        RAISE EXCEPTION 'run % has no whole forecast of % to go back to: nothing was changed', p_to_run_id, p_as_of
        USING HINT = 'SELECT run_id FROM clv.all_runs WHERE as_of = … AND status IN (''replaced'', ''withdrawn'') '
            'lists those that have.';
    END IF;
    INSERT INTO clv.published_history (
        as_of, run_id, load_id, replaced_run_id, replaced_load_id, rolled_back_by, because, value_basis
    )
    VALUES (p_as_of, wanted.run_id, wanted.load_id, shown.run_id, shown.load_id, p_by, p_because, basis);
    INSERT INTO clv.published_load (as_of, run_id, load_id, value_basis)
    VALUES (p_as_of, wanted.run_id, wanted.load_id, basis)
    ON CONFLICT (as_of, value_basis) DO UPDATE
    SET run_id = excluded.run_id, load_id = excluded.load_id, published_at = excluded.published_at;
END
$$;

CREATE OR REPLACE FUNCTION clv.withdraw(p_as_of date, p_run_id bigint, p_by text, p_because text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    basis text;
    shown clv.published_load;
BEGIN
    SELECT value_basis INTO basis FROM clv.run WHERE run_id = p_run_id;
    basis := coalesce(basis, 'net_revenue');
    -- The lock of clv.claim_month: a publish of the month comes before or after, whole.
    PERFORM clv.lock_month(p_as_of, basis);
    SELECT * INTO shown FROM clv.published_load WHERE as_of = p_as_of AND value_basis = basis;
    IF shown.run_id IS NULL OR shown.run_id IS DISTINCT FROM p_run_id THEN
        RAISE EXCEPTION 'readers of % see run % now, not run %: nothing was changed',
            p_as_of, coalesce(shown.run_id::text, 'none'), p_run_id
        USING HINT = 'Another publish or rollback came first: check what readers see, then decide again.';
    END IF;
    INSERT INTO clv.published_history (as_of, replaced_run_id, replaced_load_id, rolled_back_by, because, value_basis)
    VALUES (p_as_of, shown.run_id, shown.load_id, p_by, p_because, basis);
    DELETE FROM clv.published_load WHERE as_of = p_as_of AND value_basis = basis;
END
$$;

CREATE FUNCTION clv.margin_total_interval(
    p_as_of date, p_horizon_months integer, p_net_value numeric, p_variance double precision
) RETURNS TABLE (p10 numeric, p90 numeric)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        ends.p10,
        ends.p90
    FROM clv.published_margin AS published
    INNER JOIN clv.run_level AS level ON published.run_id = level.run_id
    CROSS JOIN LATERAL clv.total_ends(p_net_value, p_variance, level.variance, level.quantile) AS ends
    WHERE published.as_of = p_as_of AND level.horizon_months = p_horizon_months;
$$;

COMMENT ON FUNCTION clv.margin_total_interval(date, integer, numeric, double precision) IS
'As clv.total_interval, of the margin: give the sums of clv_…m and variance_…m of any customers in clv.margin_forecast';

-- Each view of the margin is the view of net revenue, reading the partitions of the margin.
DO $$
DECLARE
    shown text;
    meaning record;
    definition text;
BEGIN
    FOREACH shown IN ARRAY ARRAY[
        'forecast', 'forecast_current', 'forecast_monthly', 'forecast_total', 'forecast_total_monthly', 'accuracy',
        'actual', 'customer', 'customer_current', 'bridge', 'drift', 'drift_distribution', 'publications',
        'validation', 'ingested', 'rejected'
    ] LOOP
        definition := pg_get_viewdef(format('clv.%I', shown)::regclass);
        definition := replace(definition, 'clv.published previous', 'clv.published_margin previous');
        definition := regexp_replace(definition, '\mclv\.published\M', 'clv.published_margin published', 'g');
        definition := regexp_replace(definition, '\mclv\.(actual_rows|actual_month)\M', 'clv.\1_margin', 'g');
        definition := regexp_replace(definition, '\mclv\.(forecast|customer)\M', 'clv.margin_\1 \1', 'g');
        definition := replace(definition, '''net_revenue''', '''margin''');
        EXECUTE format('CREATE VIEW clv.%I AS %s', 'margin_' || shown, definition);
        EXECUTE format('GRANT SELECT ON clv.%I TO clv_writer, clv_reader', 'margin_' || shown);
        EXECUTE format(
            'COMMENT ON VIEW clv.%I IS %L', 'margin_' || shown, format('As clv.%s, of the margin', shown)
        );
    END LOOP;
    FOR meaning IN
        SELECT made.relation, there.attname AS name,
            CASE WHEN made.is_margin THEN regexp_replace(known.text, '[Nn]et value|[Nn]et revenue', 'margin', 'g')
                ELSE known.text END AS text
        FROM (
            SELECT oid, relname AS relation, substr(relname, 8) AS model, TRUE AS is_margin
            FROM pg_class WHERE relnamespace = 'clv'::regnamespace AND relkind = 'v' AND relname LIKE 'margin\_%'
            UNION ALL
            SELECT ('clv.' || pairs.relation)::regclass, pairs.relation, pairs.model, FALSE
            FROM (
                VALUES
                ('all_runs', 'runs'),
                ('published_load', 'published'),
                ('published_margin', 'published'),
                ('realised_month', 'actual_month'),
                ('actual_month_margin', 'actual_month'),
                ('realised_rows', 'actual_rows'),
                ('actual_rows_margin', 'actual_rows')
            ) AS pairs (relation, model)
        ) AS made
        INNER JOIN pg_attribute AS there ON made.oid = there.attrelid AND there.attnum > 0
        INNER JOIN pg_attribute AS here
            ON here.attrelid = format('clv.%I', made.model)::regclass AND there.attname = here.attname
        CROSS JOIN LATERAL (SELECT col_description(here.attrelid, here.attnum) AS text) AS known
        WHERE known.text IS NOT NULL
    LOOP
        EXECUTE format('COMMENT ON COLUMN clv.%I.%I IS %L', meaning.relation, meaning.name, meaning.text);
    END LOOP;
END
$$;

REVOKE ALL ON FUNCTION
clv.clear_actual_month(date, text),
clv.margin_total_interval(date, integer, numeric, double precision) FROM public;
GRANT EXECUTE ON FUNCTION clv.clear_actual_month(date, text) TO clv_writer;
GRANT EXECUTE ON FUNCTION clv.margin_total_interval(date, integer, numeric, double precision) TO clv_reader;
GRANT SELECT ON clv.published_load TO clv_writer;
GRANT SELECT, INSERT ON clv.realised_month, clv.realised_rows TO clv_writer;
-- The writer reaches the partitions through their parents alone.
REVOKE ALL ON clv.actual_month, clv.actual_rows FROM clv_writer;
GRANT SELECT ON clv.all_runs TO clv_writer, clv_reader;
