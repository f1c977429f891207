-- Record the clean and rejected rows of a table's month.
INSERT INTO clv.ingested_rows (run_id, table_name, month, clean_rows, rejected_rows)
VALUES (:run_id, :table_name, :month, :clean_rows, :rejected_rows);
