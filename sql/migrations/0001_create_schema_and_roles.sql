-- The schema and its privileges. Roles belong to the whole server, so they may exist already.
--   clv_owner   owns everything; migrations act as it; it need not log in
--   clv_writer  the pipeline: adds runs and forecasts, never changes or deletes existing ones
--   clv_reader  BI: reads the views and nothing else
-- The operator sets the passwords; none is set here.
DO $$
DECLARE
    missing record;
BEGIN
    FOR missing IN
        SELECT wanted.name, wanted.attribute
        FROM (VALUES ('clv_owner', 'NOLOGIN'), ('clv_writer', 'LOGIN'), ('clv_reader', 'LOGIN')) AS wanted (name, attribute)
        WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted.name)
    LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I %s', missing.name, missing.attribute);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- another database of this server was migrated at the same moment
        END;
    END LOOP;
    IF current_user <> 'clv_owner' THEN
        EXECUTE format('GRANT clv_owner TO %I', current_user);
    END IF;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO clv_owner, clv_writer, clv_reader', current_database());
END
$$;

-- Postgres lets every role make large objects, which could fill the disk, and take advisory locks, which could hold up
-- a publish. Only a superuser can revoke that: where clv_owner migrates, sql/bootstrap.sql has done so.
DO $$
DECLARE
    routine regprocedure;
BEGIN
    IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
        RETURN;
    END IF;
    FOR routine IN
        SELECT oid FROM pg_catalog.pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^(lo_|loread|lowrite|pg_(try_)?advisory_)'
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM public', routine);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO clv_owner', routine);
    END LOOP;
END
$$;

REVOKE ALL ON SCHEMA public FROM public;

CREATE SCHEMA clv AUTHORIZATION clv_owner;

SET LOCAL ROLE clv_owner;

COMMENT ON SCHEMA clv IS 'Customer lifetime value: twelve-month forecasts per customer, published month by month';

GRANT USAGE ON SCHEMA clv TO clv_writer, clv_reader;

ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM public;

CREATE TABLE clv.schema_migrations (
    name text PRIMARY KEY,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE clv.schema_migrations IS 'The migrations that were applied to this database';
COMMENT ON COLUMN clv.schema_migrations.name IS 'File name, without .sql';
COMMENT ON COLUMN clv.schema_migrations.sha256 IS 'Hash of the file when it was applied';
COMMENT ON COLUMN clv.schema_migrations.applied_at IS 'When it was applied';
