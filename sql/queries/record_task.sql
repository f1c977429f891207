-- What a task of a run cost. A task that ran again (cleared, retried) replaces its earlier record.
INSERT INTO clv.run_task (run_id, task, seconds, peak_memory_mb, rows)
VALUES (:run_id, :task, :seconds, :peak_memory_mb, :rows)
ON CONFLICT (run_id, task) DO UPDATE
    SET
        seconds = excluded.seconds,
        peak_memory_mb = excluded.peak_memory_mb,
        rows = excluded.rows,
        finished_at = excluded.finished_at;
