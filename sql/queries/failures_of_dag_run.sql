-- What failed in an Airflow run, the newest first.
SELECT
    task,
    attempt,
    reason,
    failed_at,
    was_refused
FROM clv.run_failures
WHERE dag_run_id = :dag_run_id
ORDER BY failed_at DESC, task ASC
LIMIT 50;
