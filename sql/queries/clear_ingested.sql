-- Make room for the row counts of a table that a run read.
SELECT clv.clear_ingested(:run_id, :table_name);
