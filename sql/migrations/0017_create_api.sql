-- The REST service: its keys, and the role that it logs in as.
--   clv_api   reads the views that it answers from, and the keys; it changes nothing
-- Where clv_owner migrates it cannot create roles: sql/bootstrap.sql has created this one on a new server.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'clv_api') THEN
        NULL;
    ELSIF (SELECT rolsuper OR rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
        BEGIN
            CREATE ROLE clv_api LOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- another database of this server was migrated at the same moment
        END;
    ELSE
        RAISE EXCEPTION 'the role clv_api does not exist, and % may not create it: nothing was changed', current_user
        USING HINT = 'As superuser, run the lines of sql/bootstrap.sql that name clv_api, then migrate again.';
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO clv_api', current_database());
    IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
        ALTER ROLE clv_api CONNECTION LIMIT 20;
        ALTER ROLE clv_api SET statement_timeout = '5s';
        ALTER ROLE clv_api SET temp_file_limit = '1GB';
    END IF;
END
$$;

SET LOCAL ROLE clv_owner;

CREATE TABLE clv.api_key (
    key_id text PRIMARY KEY CONSTRAINT key_id_is_hexadecimal CHECK (key_id ~ '^[0-9a-f]{16}$'),
    name text NOT NULL CONSTRAINT name_is_plain CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
    sha256 text NOT NULL CONSTRAINT sha256_is_one CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    scopes text[] NOT NULL CONSTRAINT scopes_are_known CHECK (
        scopes <@ ARRAY['read', 'forecast', 'operate'] AND cardinality(scopes) > 0
    ),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by text NOT NULL CONSTRAINT created_by_somebody CHECK (btrim(created_by) <> ''),
    revoked_at timestamptz
);

-- A name stands for one key at a time, so that a run's record tells which.
CREATE UNIQUE INDEX api_key_name ON clv.api_key (name) WHERE revoked_at IS NULL;

COMMENT ON TABLE clv.api_key IS 'The keys of the REST service. A key itself is shown once, when it is made';
COMMENT ON COLUMN clv.api_key.key_id IS 'The part of the key that identifies it';
COMMENT ON COLUMN clv.api_key.name IS 'Who or what uses it: in logs, and in the id of a run that it started';
COMMENT ON COLUMN clv.api_key.sha256 IS 'SHA-256 of its secret part, which is 256 random bits';
COMMENT ON COLUMN clv.api_key.scopes IS
'read: published forecasts and the champion; forecast: forecasts on request; operate: start and follow runs';
COMMENT ON COLUMN clv.api_key.created_at IS 'When it was made';
COMMENT ON COLUMN clv.api_key.created_by IS 'Who made it';
COMMENT ON COLUMN clv.api_key.revoked_at IS 'From when on it is refused; empty while it is valid';

-- In clv.forecast_current the load of the newest month is the result of a join, so that Postgres reads every load, and
-- sorts, for a page. Here it is one value, known before rows are read: a page is a piece of the primary key's index.
CREATE VIEW clv.customer_list AS
SELECT
    customer_id,
    clv_12m,
    clv_12m_p10,
    clv_12m_p90,
    p_active_12m,
    status,
    method,
    model_version
FROM clv.forecast_rows
WHERE load_id = (
    SELECT published.load_id
    FROM clv.published
    ORDER BY published.as_of DESC
    LIMIT 1
);

COMMENT ON VIEW clv.customer_list IS
'The published forecast of the newest month in short, quick to page through in the order of customer_id';
COMMENT ON COLUMN clv.customer_list.customer_id IS 'Customer identifier';
COMMENT ON COLUMN clv.customer_list.clv_12m IS 'As in clv.forecast_current';
COMMENT ON COLUMN clv.customer_list.clv_12m_p10 IS 'As in clv.forecast_current';
COMMENT ON COLUMN clv.customer_list.clv_12m_p90 IS 'As in clv.forecast_current';
COMMENT ON COLUMN clv.customer_list.p_active_12m IS 'As in clv.forecast_current';
COMMENT ON COLUMN clv.customer_list.status IS 'As in clv.forecast_current';
COMMENT ON COLUMN clv.customer_list.method IS 'As in clv.forecast_current';
COMMENT ON COLUMN clv.customer_list.model_version IS 'As in clv.forecast_current';

GRANT SELECT ON clv.customer_list TO clv_writer, clv_reader;

GRANT USAGE ON SCHEMA clv TO clv_api;
GRANT SELECT ON
clv.forecast, clv.runs, clv.run_failures, clv.publications, clv.model_decisions, clv.customer_list, clv.api_key
TO clv_api;
