-- Why an attempt at a task failed, and for which month. No row where the job was killed, or could not reach this
-- database.
SELECT
    reason,
    data_month
FROM clv.run_failures
WHERE dag_run_id = :dag_run_id AND task = :task AND attempt = :attempt;
