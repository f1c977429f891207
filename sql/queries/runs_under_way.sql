-- The runs that may still write: planned within a day, the newest of their month, and not reported.
SELECT
    run.run_id,
    run.data_month,
    run.value_basis,
    run.status
FROM clv.all_runs AS run
WHERE
    run.planned_at > now() - interval '1 day'
    AND run.status NOT IN ('dry run', 'superseded')
    AND NOT EXISTS (
        SELECT FROM clv.run_task
        WHERE run_task.run_id = run.run_id AND run_task.task = 'publish.report'
    )
ORDER BY run.run_id;
