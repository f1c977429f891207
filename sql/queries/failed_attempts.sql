-- How many attempts at each task of a run failed.
SELECT
    task,
    count(*) AS attempts
FROM clv.run_failures
WHERE run_id = :run_id
GROUP BY task
ORDER BY task;
