-- Customers can be erased. What stays is on record: how many, when, by whom, why, and what their rows came to.
SET LOCAL ROLE clv_owner;

CREATE TABLE clv.erasure (
    erasure_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    erased_at timestamptz NOT NULL DEFAULT now(),
    erased_by text NOT NULL CONSTRAINT an_erasure_has_a_name CHECK (erased_by <> ''),
    because text NOT NULL CONSTRAINT an_erasure_has_a_reason CHECK (because <> ''),
    customers bigint NOT NULL
);

COMMENT ON TABLE clv.erasure IS 'Each erasure of customers';
COMMENT ON COLUMN clv.erasure.erasure_id IS 'Number of the erasure';
COMMENT ON COLUMN clv.erasure.erased_at IS 'When it was begun';
COMMENT ON COLUMN clv.erasure.erased_by IS 'Who erased';
COMMENT ON COLUMN clv.erasure.because IS 'Why';
COMMENT ON COLUMN clv.erasure.customers IS 'How many customers were named';

CREATE TABLE clv.erased_load (
    erasure_id bigint NOT NULL REFERENCES clv.erasure,
    load_id bigint NOT NULL REFERENCES clv.forecast_load,
    customers bigint NOT NULL,
    clv_12m numeric(18, 2) NOT NULL,
    PRIMARY KEY (erasure_id, load_id)
);

COMMENT ON TABLE clv.erased_load IS 'What an erasure took out of a load; the recorded totals of the load still hold it';
COMMENT ON COLUMN clv.erased_load.erasure_id IS 'The erasure';
COMMENT ON COLUMN clv.erased_load.load_id IS 'The load';
COMMENT ON COLUMN clv.erased_load.customers IS 'How many rows it took out';
COMMENT ON COLUMN clv.erased_load.clv_12m IS 'What their clv_12m added up to';

CREATE TABLE clv.erased_customer (customer_hash text PRIMARY KEY);

COMMENT ON TABLE clv.erased_customer IS 'Who is to be refused if delivered again, without saying who that is';
COMMENT ON COLUMN clv.erased_customer.customer_hash IS 'SHA-256 of the salt and the customer_id, in hexadecimal';

CREATE TABLE clv.erasure_salt (salt text NOT NULL);

COMMENT ON TABLE clv.erasure_salt IS 'What is put before a customer_id to hash it; one row';
COMMENT ON COLUMN clv.erasure_salt.salt IS 'Random text';

INSERT INTO clv.erasure_salt (salt) VALUES (gen_random_uuid()::text);

CREATE FUNCTION clv.hash_of_customer(p_customer_id text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT encode(sha256(convert_to(erasure_salt.salt || p_customer_id, 'UTF8')), 'hex') FROM clv.erasure_salt;
$$;

COMMENT ON FUNCTION clv.hash_of_customer(text) IS 'The hash by which an erased customer is known';

CREATE FUNCTION clv.forget(p_customers text[], p_by text, p_because text)
RETURNS TABLE (table_name text, rows bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    this bigint;
    holding regclass;
    are_holding CONSTANT regclass[] := ARRAY(
        SELECT kept.oid
        FROM pg_class AS kept
        INNER JOIN pg_attribute AS kept_column ON kept.oid = kept_column.attrelid
        WHERE
            kept.relnamespace = 'clv'::regnamespace AND kept.relkind = 'r'
            AND kept_column.attname = 'customer_id' AND NOT kept_column.attisdropped
        -- In the order in which a month is published: no deadlock.
        ORDER BY kept.relname <> 'forecast_rows', kept.relname
    );
BEGIN
    -- A transaction that adds rows ends first, or this one gives way.
    FOREACH holding IN ARRAY are_holding LOOP
        EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', holding);
    END LOOP;
    INSERT INTO clv.erasure (erased_by, because, customers)
    VALUES (p_by, p_because, cardinality(p_customers))
    RETURNING erasure_id INTO this;
    INSERT INTO clv.erased_customer (customer_hash)
    SELECT clv.hash_of_customer(named.customer_id) AS customer_hash
    FROM unnest(p_customers) AS named (customer_id)
    ON CONFLICT DO NOTHING;
    INSERT INTO clv.erased_load (erasure_id, load_id, customers, clv_12m)
    SELECT
        this AS erasure_id,
        gone.load_id,
        count(*) AS customers,
        sum(gone.clv_12m) AS clv_12m
    FROM clv.forecast_rows AS gone
    WHERE gone.customer_id = ANY(p_customers)
    GROUP BY gone.load_id;
    FOREACH holding IN ARRAY are_holding LOOP
        EXECUTE format('DELETE FROM %s WHERE customer_id = ANY ($1)', holding) USING p_customers;
        GET DIAGNOSTICS rows = ROW_COUNT;
        table_name := holding::text;
        RETURN NEXT;
    END LOOP;
END
$$;

COMMENT ON FUNCTION clv.forget(text[], text, text) IS
'Delete all rows of customers, and record it; the tables that may hold any, and how many rows went. Superusers only';

CREATE VIEW clv.erasures AS
SELECT
    erasure.erasure_id,
    erasure.erased_at,
    erasure.erased_by,
    erasure.because,
    erasure.customers AS customers_named,
    to_char((load.as_of - 1)::timestamp, 'YYYY-MM') AS data_month,
    load.as_of,
    load.run_id,
    run.value_basis,
    erased.customers,
    erased.clv_12m
FROM clv.erasure
LEFT JOIN clv.erased_load AS erased ON erasure.erasure_id = erased.erasure_id
LEFT JOIN clv.forecast_load AS load ON erased.load_id = load.load_id
LEFT JOIN clv.run ON load.run_id = run.run_id;

COMMENT ON VIEW clv.erasures IS
'Each erasure, and what it took out of each run: the recorded totals of a run still hold it, its rows do not';
COMMENT ON COLUMN clv.erasures.erasure_id IS 'Number of the erasure';
COMMENT ON COLUMN clv.erasures.erased_at IS 'When it was begun';
COMMENT ON COLUMN clv.erasures.erased_by IS 'Who erased';
COMMENT ON COLUMN clv.erasures.because IS 'Why';
COMMENT ON COLUMN clv.erasures.customers_named IS 'How many customers were named';
COMMENT ON COLUMN clv.erasures.data_month IS 'The data month, YYYY-MM: the month before as_of';
COMMENT ON COLUMN clv.erasures.as_of IS 'First day after the data month; empty where no run had rows of them';
COMMENT ON COLUMN clv.erasures.run_id IS 'The run';
COMMENT ON COLUMN clv.erasures.value_basis IS 'What value is counted in: net_revenue or margin';
COMMENT ON COLUMN clv.erasures.customers IS 'How many of the run''s rows went';
COMMENT ON COLUMN clv.erasures.clv_12m IS 'What their clv_12m added up to';

GRANT SELECT ON clv.erasures TO clv_reader;
GRANT SELECT ON clv.erasures, clv.erased_load, clv.erased_customer, clv.erasure_salt TO clv_writer;

REVOKE ALL ON FUNCTION clv.hash_of_customer(text) FROM public;
GRANT EXECUTE ON FUNCTION clv.hash_of_customer(text) TO clv_writer;
REVOKE ALL ON FUNCTION clv.forget(text[], text, text) FROM public;

-- A load is whole without the rows that were erased.
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
    SELECT
        count(*) + coalesce(
            (SELECT sum(erased.customers) FROM clv.erased_load AS erased WHERE erased.load_id = wanted.load_id), 0
        )
    INTO rows_there
    FROM clv.forecast_rows WHERE load_id = wanted.load_id;
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
