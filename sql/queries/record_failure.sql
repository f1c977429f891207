-- Why an attempt at a task of an Airflow run failed; the run is the newest that was planned for it, if any was.
INSERT INTO clv.run_failure (dag_run_id, task, attempt, run_id, as_of, reason, was_refused)
SELECT
    :dag_run_id,
    :task,
    :attempt,
    max(run.run_id) AS run_id,
    cast(:as_of AS date) AS as_of,
    :reason,
    :was_refused
FROM clv.run
WHERE run.dag_run_id = :dag_run_id
ON CONFLICT (dag_run_id, task, attempt) DO NOTHING;
