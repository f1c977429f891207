-- Begin a new file of the write-ahead log: earlier ones are needed no more once a checkpoint is made.
SELECT pg_switch_wal();
