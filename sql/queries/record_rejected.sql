-- Record the rows of a table's month that were rejected for a reason.
INSERT INTO clv.rejected_rows (run_id, table_name, month, reason, rows)
VALUES (:run_id, :table_name, :month, :reason, :rows);
