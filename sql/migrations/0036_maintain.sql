-- What is not needed any more is removed, and what was removed is on record.
SET LOCAL ROLE clv_owner;

CREATE TABLE clv.maintenance_rows (
    maintenance_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    done_at timestamptz NOT NULL DEFAULT now(),
    kept_since date NOT NULL,
    what text NOT NULL,
    removed bigint NOT NULL,
    detail text NOT NULL
);

COMMENT ON TABLE clv.maintenance_rows IS 'What each maintenance removed, one row per kind of thing';
COMMENT ON COLUMN clv.maintenance_rows.maintenance_id IS 'Number of the row';
COMMENT ON COLUMN clv.maintenance_rows.done_at IS 'When it was done';
COMMENT ON COLUMN clv.maintenance_rows.kept_since IS 'The day since which everything is kept';
COMMENT ON COLUMN clv.maintenance_rows.what IS
'lake files, lake periods joined, scratch folders, rows of replaced loads, or model versions';
COMMENT ON COLUMN clv.maintenance_rows.removed IS 'How many';
COMMENT ON COLUMN clv.maintenance_rows.detail IS 'Which ones';

CREATE VIEW clv.maintenance AS
SELECT
    maintenance_id,
    done_at,
    kept_since,
    what,
    removed,
    detail
FROM clv.maintenance_rows;

COMMENT ON VIEW clv.maintenance IS 'What each maintenance removed, one row per kind of thing';
COMMENT ON COLUMN clv.maintenance.maintenance_id IS 'Number of the row';
COMMENT ON COLUMN clv.maintenance.done_at IS 'When it was done';
COMMENT ON COLUMN clv.maintenance.kept_since IS 'The day since which everything is kept';
COMMENT ON COLUMN clv.maintenance.what IS
'lake files, lake periods joined, scratch folders, rows of replaced loads, or model versions';
COMMENT ON COLUMN clv.maintenance.removed IS 'How many';
COMMENT ON COLUMN clv.maintenance.detail IS 'Which ones';

GRANT SELECT ON clv.maintenance TO clv_reader;
GRANT INSERT (kept_since, what, removed, detail) ON clv.maintenance_rows TO clv_writer;

CREATE FUNCTION clv.loads_in_use() RETURNS TABLE (load_id bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT published_load.load_id
    FROM clv.published_load
    UNION
    SELECT max(forecast_load.load_id) AS load_id
    FROM clv.forecast_load
    INNER JOIN clv.run ON forecast_load.run_id = run.run_id
    GROUP BY forecast_load.as_of, run.value_basis
    UNION
    (
        SELECT DISTINCT ON (published_history.as_of, published_history.value_basis)
            published_history.replaced_load_id AS load_id
        FROM clv.published_history
        WHERE published_history.run_id IS NULL AND published_history.replaced_load_id IS NOT NULL
        ORDER BY published_history.as_of, published_history.value_basis, published_history.flip_id DESC
    );
$$;

COMMENT ON FUNCTION clv.loads_in_use() IS
'The loads that readers see, the newest of each month, and the one that was withdrawn last: it can be put back';

CREATE FUNCTION clv.replaced_before(p_before date)
RETURNS TABLE (load_id bigint, as_of date, run_id bigint, value_basis text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        load.load_id,
        load.as_of,
        load.run_id,
        run.value_basis
    FROM clv.forecast_load AS load
    INNER JOIN clv.run ON load.run_id = run.run_id
    WHERE
        load.load_id NOT IN (SELECT used.load_id FROM clv.loads_in_use() AS used)
        AND coalesce(
            (
                SELECT max(history.published_at)
                FROM clv.published_history AS history
                WHERE history.replaced_load_id = load.load_id
            ),
            load.loaded_at
        ) < p_before
    ORDER BY load.load_id;
$$;

COMMENT ON FUNCTION clv.replaced_before(date) IS
'The loads that are not in use, and that readers last saw before a day';

CREATE FUNCTION clv.remove_replaced_rows(p_before date) RETURNS TABLE (as_of date, run_id bigint, rows bigint)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    gone record;
    removed bigint;
BEGIN
    IF p_before > current_date - 27 THEN
        RAISE EXCEPTION 'rows that were replaced within the last four weeks stay: nothing was changed'
        USING HINT = 'Give an earlier day.';
    END IF;
    FOR gone IN SELECT * FROM clv.replaced_before(p_before)
    LOOP
        -- A rollback to it comes before, and is seen here, or after, and finds no rows.
        PERFORM clv.lock_month(gone.as_of, gone.value_basis);
        IF gone.load_id IN (SELECT replaced.load_id FROM clv.replaced_before(p_before) AS replaced) THEN
            DELETE FROM clv.customer_rows WHERE customer_rows.load_id = gone.load_id;
            DELETE FROM clv.first_month_rows WHERE first_month_rows.load_id = gone.load_id;
            DELETE FROM clv.forecast_rows WHERE forecast_rows.load_id = gone.load_id;
            GET DIAGNOSTICS removed = ROW_COUNT;
            IF removed > 0 THEN
                RETURN QUERY SELECT gone.as_of, gone.run_id, removed;
            END IF;
        END IF;
    END LOOP;
END
$$;

COMMENT ON FUNCTION clv.remove_replaced_rows(date) IS
'Remove the rows of loads that readers last saw before a day. Their totals and hashes stay';

REVOKE ALL ON FUNCTION clv.loads_in_use() FROM public;
REVOKE ALL ON FUNCTION clv.replaced_before(date) FROM public;
REVOKE ALL ON FUNCTION clv.remove_replaced_rows(date) FROM public;
GRANT EXECUTE ON FUNCTION clv.remove_replaced_rows(date) TO clv_writer;
