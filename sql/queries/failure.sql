-- Why an attempt at a task failed. No row where the job was killed, or could not reach this database.
SELECT reason
FROM clv.run_failure
WHERE dag_run_id = :dag_run_id AND task = :task AND attempt = :attempt;
