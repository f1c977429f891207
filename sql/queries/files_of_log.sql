-- The files of the write-ahead log from the present one on: later ones are there to be used again.
SELECT file.name
FROM pg_ls_waldir() AS file
WHERE file.name ~ '^[0-9A-F]{24}$' AND file.name >= pg_walfile_name(pg_current_wal_lsn());
