-- Begin a new file of the write-ahead log.
SELECT
    pg_logical_emit_message(FALSE, 'clv', 'switch') AS last_entry,
    pg_switch_wal() AS ended_at;
