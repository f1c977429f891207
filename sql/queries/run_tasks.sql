-- What each task of a run cost, in the order they finished.
SELECT
    task,
    seconds,
    peak_memory_mb,
    rows
FROM clv.run_task
WHERE run_id = :run_id
ORDER BY finished_at, task;
