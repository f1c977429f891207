-- Failures: why a task of a run failed, in a line, for the notice that is sent and for whoever looks later.
SET LOCAL ROLE clv_owner;

CREATE TABLE clv.run_failure (
    dag_run_id text NOT NULL,
    task text NOT NULL,
    attempt integer NOT NULL,
    run_id bigint REFERENCES clv.run (run_id),
    reason text NOT NULL,
    failed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (dag_run_id, task, attempt),
    CONSTRAINT reason_is_short CHECK (length(reason) <= 500)
);

COMMENT ON TABLE clv.run_failure IS
'One row per attempt at a task that failed with a reason; one that was killed leaves none';
COMMENT ON COLUMN clv.run_failure.dag_run_id IS 'The Airflow run';
COMMENT ON COLUMN clv.run_failure.task IS 'The task';
COMMENT ON COLUMN clv.run_failure.attempt IS
'Airflow''s number of the attempt, from 1 on; goes on when a task is cleared';
COMMENT ON COLUMN clv.run_failure.run_id IS 'The run; empty where none had been planned yet';
COMMENT ON COLUMN clv.run_failure.reason IS 'What the job said last: at most 500 characters, no secrets';
COMMENT ON COLUMN clv.run_failure.failed_at IS 'When it failed';

CREATE VIEW clv.run_failures AS
SELECT
    run_failure.run_id,
    run.as_of,
    run_failure.dag_run_id,
    run_failure.task,
    run_failure.attempt,
    run_failure.reason,
    run_failure.failed_at
FROM clv.run_failure
LEFT JOIN clv.run ON run_failure.run_id = run.run_id;

COMMENT ON VIEW clv.run_failures IS 'What failed when, and why: one row per attempt at a task';
COMMENT ON COLUMN clv.run_failures.run_id IS 'The run; empty where none had been planned yet';
COMMENT ON COLUMN clv.run_failures.as_of IS 'First day after the run''s data month';
COMMENT ON COLUMN clv.run_failures.dag_run_id IS 'The Airflow run';
COMMENT ON COLUMN clv.run_failures.task IS 'The task';
COMMENT ON COLUMN clv.run_failures.attempt IS
'Airflow''s number of the attempt, from 1 on; goes on when a task is cleared';
COMMENT ON COLUMN clv.run_failures.reason IS 'What the job said last: at most 500 characters, no secrets';
COMMENT ON COLUMN clv.run_failures.failed_at IS 'When it failed';

GRANT SELECT, INSERT ON clv.run_failure TO clv_writer;
GRANT SELECT ON clv.run_failures TO clv_writer, clv_reader;
