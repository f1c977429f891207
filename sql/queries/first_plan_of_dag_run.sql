-- The month an Airflow run was first planned for. No row where it never got that far.
SELECT as_of
FROM clv.run
WHERE dag_run_id = :dag_run_id
ORDER BY run_id
LIMIT 1;
