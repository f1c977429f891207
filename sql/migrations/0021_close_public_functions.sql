-- What Postgres lets everybody do and nobody here needs: make large objects, by which a reader could fill the disk, and
-- take advisory locks, by which one could hold up a publish. Only a superuser can take it away: where clv_owner
-- migrates, sql/bootstrap.sql has.
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
