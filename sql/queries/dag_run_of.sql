-- The Airflow run of a run.
SELECT run.dag_run_id
FROM clv.run
WHERE run.run_id = :run_id;
