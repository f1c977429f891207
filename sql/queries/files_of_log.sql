-- The files of the write-ahead log from the present one on: later ones are there to be used again.
SELECT kept.name
FROM pg_ls_waldir() AS kept
WHERE kept.name ~ '^[0-9A-F]{24}$' AND kept.name >= pg_walfile_name(pg_current_wal_lsn());
