-- What one role may take from a server that other applications share. Only a superuser can set it: where clv_owner
-- migrates, sql/bootstrap.sql has done so.
DO $$
BEGIN
    IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
        RETURN;
    END IF;
    ALTER ROLE clv_writer CONNECTION LIMIT 30;
    ALTER ROLE clv_writer SET statement_timeout = '15min';
    ALTER ROLE clv_writer SET temp_file_limit = '20GB';
    ALTER ROLE clv_reader CONNECTION LIMIT 40;
    ALTER ROLE clv_reader SET statement_timeout = '5min';
    ALTER ROLE clv_reader SET temp_file_limit = '5GB';
END
$$;
