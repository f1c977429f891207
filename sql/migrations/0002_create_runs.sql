-- Runs: what was planned, and what each task of it cost.
SET LOCAL ROLE clv_owner;

CREATE TABLE clv.run (
    run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    as_of date NOT NULL,
    dag_run_id text NOT NULL,
    trigger text NOT NULL,
    source text NOT NULL,
    input_fingerprint text,
    code_version text,
    note text,
    model_name text,
    model_version bigint,
    planned_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT as_of_is_the_first_of_a_month CHECK (extract(DAY FROM as_of) = 1)
);

CREATE INDEX run_as_of ON clv.run (as_of, run_id);

COMMENT ON TABLE clv.run IS 'One row per planned run. Of the runs of one month only the newest may publish';
COMMENT ON COLUMN clv.run.run_id IS
'Number of the run; grows, so that a later plan of the same month outranks an earlier';
COMMENT ON COLUMN clv.run.as_of IS
'First day after the data month: features look back from it, the forecast starts on it';
COMMENT ON COLUMN clv.run.dag_run_id IS 'The Airflow run';
COMMENT ON COLUMN clv.run.trigger IS 'What started the Airflow run: scheduled, backfill, manual, …';
COMMENT ON COLUMN clv.run.source IS 'Name of the source layout';
COMMENT ON COLUMN clv.run.input_fingerprint IS 'Hash of the input the plan saw';
COMMENT ON COLUMN clv.run.code_version IS 'Version of the code that planned the run';
COMMENT ON COLUMN clv.run.note IS 'What the run was planned to do';
COMMENT ON COLUMN clv.run.model_name IS 'Name of the registered model the run scores with; empty until that is decided';
COMMENT ON COLUMN clv.run.model_version IS
'Version of the registered model the run scores with; empty until that is decided';
COMMENT ON COLUMN clv.run.planned_at IS 'When the run was planned';

CREATE TABLE clv.run_task (
    run_id bigint NOT NULL REFERENCES clv.run (run_id),
    task text NOT NULL,
    seconds double precision NOT NULL,
    peak_memory_mb bigint NOT NULL,
    rows bigint,
    finished_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (run_id, task)
);

COMMENT ON TABLE clv.run_task IS 'What each finished task of a run cost, the last time it ran';
COMMENT ON COLUMN clv.run_task.run_id IS 'The run';
COMMENT ON COLUMN clv.run_task.task IS 'The task';
COMMENT ON COLUMN clv.run_task.seconds IS 'Wall-clock seconds';
COMMENT ON COLUMN clv.run_task.peak_memory_mb IS 'Largest resident size of the task''s processes together, in MiB';
COMMENT ON COLUMN clv.run_task.rows IS 'Rows the task wrote, where it counts any';
COMMENT ON COLUMN clv.run_task.finished_at IS 'When the task finished';

GRANT SELECT, INSERT ON clv.run TO clv_writer;
GRANT UPDATE (model_name, model_version) ON clv.run TO clv_writer;
GRANT SELECT, INSERT, UPDATE ON clv.run_task TO clv_writer;
