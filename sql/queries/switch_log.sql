-- Begin a new file of the write-ahead log, and use up files that were to be used again: a checkpoint removes them all.
DO $$
DECLARE
    files CONSTANT bigint := (
        SELECT count(*) FROM pg_ls_waldir() AS file
        WHERE file.name ~ '^[0-9A-F]{24}$' AND file.name >= pg_walfile_name(pg_current_wal_lsn())
    );
BEGIN
    FOR file IN 1..files LOOP
        PERFORM pg_logical_emit_message(FALSE, 'clv', 'switch');
        PERFORM pg_switch_wal();
    END LOOP;
END
$$;
