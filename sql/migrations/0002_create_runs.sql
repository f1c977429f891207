-- Runs: what was planned, what each task of it cost, and why a task failed.
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
    horizon_months smallint NOT NULL DEFAULT 12 CHECK (horizon_months IN (1, 3, 6, 12)),
    segment text NOT NULL DEFAULT 'all',
    value_basis text NOT NULL DEFAULT 'net_revenue'
    CHECK (value_basis IN ('net_revenue', 'margin_by_department', 'margin_per_line')),
    is_special boolean NOT NULL
    GENERATED ALWAYS AS (horizon_months <> 12 OR segment <> 'all' OR value_basis <> 'net_revenue') STORED,
    is_dry_run boolean NOT NULL DEFAULT FALSE,
    model_choice text NOT NULL DEFAULT 'as_of' CHECK (model_choice IN ('as_of', 'champion')),
    restate text NOT NULL DEFAULT 'refuse' CHECK (restate IN ('refuse', 'accept')),
    plan jsonb,
    CONSTRAINT as_of_is_the_first_of_a_month CHECK (extract(DAY FROM as_of) = 1)
);

CREATE INDEX run_as_of ON clv.run (as_of, run_id);
CREATE INDEX run_dag_run_id ON clv.run (dag_run_id, run_id);

COMMENT ON TABLE clv.run IS
'One row per planned run. Of the standard runs of one month only the newest may publish; special and dry runs never do';
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
COMMENT ON COLUMN clv.run.horizon_months IS 'Months from as_of on that the run forecasts';
COMMENT ON COLUMN clv.run.segment IS 'The customers it forecasts: all, or column=value,value of the snapshot';
COMMENT ON COLUMN clv.run.value_basis IS
'What value is counted in: net_revenue, margin_by_department or margin_per_line';
COMMENT ON COLUMN clv.run.is_special IS
'Whether any of the three differs from a standard run: 12 months, all customers, net revenue';
COMMENT ON COLUMN clv.run.is_dry_run IS 'Whether the run ended with its plan';
COMMENT ON COLUMN clv.run.model_choice IS
'as_of: scores with a model of what was known then; champion: with the champion of the day the run was made';
COMMENT ON COLUMN clv.run.restate IS
'What was to be done about months whose delivery has changed since they were ingested: refuse the run, or accept them';
COMMENT ON COLUMN clv.run.plan IS
'The plan in full: months, files and fingerprints of the input, snapshots, model, what is replaced, what differs';

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
COMMENT ON COLUMN clv.run_failure.reason IS 'Why it failed: at most 500 characters, no secrets';
COMMENT ON COLUMN clv.run_failure.failed_at IS 'When it failed';

GRANT SELECT, INSERT ON clv.run TO clv_writer;
GRANT UPDATE (model_name, model_version) ON clv.run TO clv_writer;
GRANT SELECT, INSERT, UPDATE ON clv.run_task TO clv_writer;
GRANT SELECT, INSERT ON clv.run_failure TO clv_writer;
