-- The record of a run's task, if the task has finished since the run last published.
SELECT run_task.finished_at
FROM clv.run_task
WHERE
    run_task.run_id = :run_id
    AND run_task.task = :task
    AND run_task.finished_at > (
        SELECT max(published_history.published_at)
        FROM clv.published_history
        WHERE published_history.run_id = :run_id AND published_history.rolled_back_by IS NULL
    );
