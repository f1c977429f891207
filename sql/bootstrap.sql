-- For a fresh Postgres server, as superuser, with psql: the three databases and the roles that own and use them.
-- Passwords come from the environment; docker-compose.yml runs this at the server's first start.
\getenv airflow_password AIRFLOW_DB_PASSWORD
\getenv mlflow_password MLFLOW_DB_PASSWORD
\getenv owner_password CLV_OWNER_PASSWORD
\getenv writer_password CLV_WRITER_PASSWORD
\getenv reader_password CLV_READER_PASSWORD
\getenv api_password CLV_API_PASSWORD

CREATE ROLE airflow LOGIN PASSWORD :'airflow_password';
CREATE DATABASE airflow OWNER airflow TEMPLATE template0 ENCODING 'UTF8';

CREATE ROLE mlflow LOGIN PASSWORD :'mlflow_password';
CREATE DATABASE mlflow OWNER mlflow TEMPLATE template0 ENCODING 'UTF8';

CREATE ROLE clv_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE clv_writer LOGIN PASSWORD :'writer_password';
CREATE ROLE clv_reader LOGIN PASSWORD :'reader_password';
CREATE ROLE clv_api LOGIN PASSWORD :'api_password';
CREATE DATABASE clv OWNER clv_owner TEMPLATE template0 ENCODING 'UTF8';

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
