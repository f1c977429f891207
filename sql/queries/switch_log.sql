-- Begin a new file of the write-ahead log.
SELECT
    pg_logical_emit_message(FALSE, 'clv', 'switch'),
    pg_switch_wal();
