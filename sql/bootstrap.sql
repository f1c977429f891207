-- As superuser, with psql: the three databases and the roles that own and use them, with their passwords and limits.
-- Passwords come from the environment. docker-compose.yml runs this at the server's first start; run again, it adds what is
-- missing, such as the role of a new service, and sets the passwords and the limits.
\getenv airflow_password AIRFLOW_DB_PASSWORD
\getenv mlflow_password MLFLOW_DB_PASSWORD
\getenv owner_password CLV_OWNER_PASSWORD
\getenv writer_password CLV_WRITER_PASSWORD
\getenv reader_password CLV_READER_PASSWORD
\getenv api_password CLV_API_PASSWORD

SELECT format('CREATE ROLE %I LOGIN', role)
FROM unnest(ARRAY['airflow', 'mlflow', 'clv_owner', 'clv_writer', 'clv_reader', 'clv_api']) AS wanted (role)
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role) \gexec

ALTER ROLE airflow PASSWORD :'airflow_password';
ALTER ROLE mlflow PASSWORD :'mlflow_password';
ALTER ROLE clv_owner PASSWORD :'owner_password';
ALTER ROLE clv_writer PASSWORD :'writer_password';
ALTER ROLE clv_reader PASSWORD :'reader_password';
ALTER ROLE clv_api PASSWORD :'api_password';

SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING ''UTF8''', database, owner)
FROM (VALUES ('airflow', 'airflow'), ('mlflow', 'mlflow'), ('clv', 'clv_owner')) AS wanted (database, owner)
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = database) \gexec

REVOKE ALL ON DATABASE postgres FROM public;
REVOKE ALL ON DATABASE airflow FROM public;
REVOKE ALL ON DATABASE mlflow FROM public;

-- The limits of the migrations 0011 and 0017, which set them only as superuser.
ALTER ROLE clv_writer CONNECTION LIMIT 30;
ALTER ROLE clv_writer SET statement_timeout = '15min';
ALTER ROLE clv_writer SET temp_file_limit = '20GB';
ALTER ROLE clv_reader CONNECTION LIMIT 40;
ALTER ROLE clv_reader SET statement_timeout = '5min';
ALTER ROLE clv_reader SET temp_file_limit = '5GB';
ALTER ROLE clv_api CONNECTION LIMIT 20;
ALTER ROLE clv_api SET statement_timeout = '5s';
ALTER ROLE clv_api SET temp_file_limit = '1GB';

-- Revokes what migration 0001 revokes only as superuser: large objects and advisory locks for every role.
\connect clv
DO $$
DECLARE
    routine regprocedure;
BEGIN
    FOR routine IN
        SELECT oid FROM pg_catalog.pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^(lo_|loread|lowrite|pg_(try_)?advisory_)'
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM public', routine);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO clv_owner', routine);
    END LOOP;
END
$$;
