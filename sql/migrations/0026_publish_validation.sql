-- What the validation of each run found, and what became of the rows that were delivered.
SET LOCAL ROLE clv_owner;

CREATE TABLE clv.validation_rows (
    run_id bigint NOT NULL REFERENCES clv.run (run_id),
    stage text NOT NULL,
    suite text NOT NULL,
    rule text NOT NULL,
    column_name text,
    says text NOT NULL,
    severity text NOT NULL,
    success boolean NOT NULL,
    observed text NOT NULL,
    allowed text NOT NULL,
    unexpected_rows bigint,
    PRIMARY KEY (run_id, stage, suite, rule)
);

COMMENT ON TABLE clv.validation_rows IS
'One row per run, stage, suite and rule that was evaluated. A stage that is validated again replaces its rows';
COMMENT ON COLUMN clv.validation_rows.run_id IS 'The run';
COMMENT ON COLUMN clv.validation_rows.stage IS 'What was validated: inputs, features or forecasts';
COMMENT ON COLUMN clv.validation_rows.suite IS
'The suite: a table''s name for its rows, with _totals for the totals of its month; a stage''s with _columns for the '
'columns of its tables';
COMMENT ON COLUMN clv.validation_rows.rule IS 'Name of the rule within its suite';
COMMENT ON COLUMN clv.validation_rows.column_name IS
'The column that the rule is about, or several with commas; empty for a rule that is a condition on rows';
COMMENT ON COLUMN clv.validation_rows.says IS 'The rule as a sentence';
COMMENT ON COLUMN clv.validation_rows.severity IS
'critical: a failure stops the run; warning: it is reported. A rule that could not be evaluated is critical';
COMMENT ON COLUMN clv.validation_rows.success IS 'Whether the rule held';
COMMENT ON COLUMN clv.validation_rows.observed IS 'What was observed, as text: a total, or broken of all rows';
COMMENT ON COLUMN clv.validation_rows.allowed IS 'What the rule allows';
COMMENT ON COLUMN clv.validation_rows.unexpected_rows IS 'Rows that break the rule; empty for a rule about totals';

CREATE TABLE clv.ingested_rows (
    run_id bigint NOT NULL REFERENCES clv.run (run_id),
    table_name text NOT NULL,
    month date NOT NULL,
    clean_rows bigint NOT NULL,
    rejected_rows bigint NOT NULL,
    PRIMARY KEY (run_id, table_name, month)
);

COMMENT ON TABLE clv.ingested_rows IS
'One row per run, table and month that the run read: how many delivered rows are clean, and how many were rejected';
COMMENT ON COLUMN clv.ingested_rows.run_id IS 'The run that read the month';
COMMENT ON COLUMN clv.ingested_rows.table_name IS 'transactions, customers, sessions or products';
COMMENT ON COLUMN clv.ingested_rows.month IS 'First day of the month that the rows are stored under';
COMMENT ON COLUMN clv.ingested_rows.clean_rows IS 'Rows in the clean table of the lake';
COMMENT ON COLUMN clv.ingested_rows.rejected_rows IS 'Rows in the rejected table of the lake';

CREATE TABLE clv.rejected_rows (
    run_id bigint NOT NULL,
    table_name text NOT NULL,
    month date NOT NULL,
    reason text NOT NULL,
    rows bigint NOT NULL,
    PRIMARY KEY (run_id, table_name, month, reason),
    FOREIGN KEY (run_id, table_name, month) REFERENCES clv.ingested_rows ON DELETE CASCADE
);

COMMENT ON TABLE clv.rejected_rows IS
'One row per run, table, month and reason for rejection. A row with several reasons counts under each of them';
COMMENT ON COLUMN clv.rejected_rows.run_id IS 'The run that read the month';
COMMENT ON COLUMN clv.rejected_rows.table_name IS 'transactions, customers, sessions or products';
COMMENT ON COLUMN clv.rejected_rows.month IS 'First day of the month that the rows are stored under';
COMMENT ON COLUMN clv.rejected_rows.reason IS 'Why rows were rejected, as in rejected_for in the lake';
COMMENT ON COLUMN clv.rejected_rows.rows IS 'Rows with this reason';

CREATE VIEW clv.validation AS
SELECT
    to_char((run.as_of - 1)::timestamp, 'YYYY-MM') AS data_month,
    run.as_of,
    results.run_id,
    results.stage,
    results.suite,
    results.rule,
    results.column_name,
    results.says,
    results.severity,
    results.success,
    results.observed,
    results.allowed,
    results.unexpected_rows
FROM clv.validation_rows AS results
INNER JOIN clv.run ON results.run_id = run.run_id;

COMMENT ON VIEW clv.validation IS
'What the validation of each run found: one row per run, stage, suite and rule that was evaluated';
COMMENT ON COLUMN clv.validation.data_month IS 'The data month of the run, YYYY-MM: the month before as_of';
COMMENT ON COLUMN clv.validation.as_of IS 'First day after the data month of the run';
COMMENT ON COLUMN clv.validation.run_id IS 'The run';
COMMENT ON COLUMN clv.validation.stage IS 'What was validated: inputs, features or forecasts';
COMMENT ON COLUMN clv.validation.suite IS
'The suite: a table''s name for its rows, with _totals for the totals of its month; a stage''s with _columns for the '
'columns of its tables';
COMMENT ON COLUMN clv.validation.rule IS 'Name of the rule within its suite';
COMMENT ON COLUMN clv.validation.column_name IS
'The column that the rule is about, or several with commas; empty for a rule that is a condition on rows';
COMMENT ON COLUMN clv.validation.says IS 'The rule as a sentence';
COMMENT ON COLUMN clv.validation.severity IS
'critical: a failure stops the run; warning: it is reported. A rule that could not be evaluated is critical';
COMMENT ON COLUMN clv.validation.success IS 'Whether the rule held';
COMMENT ON COLUMN clv.validation.observed IS 'What was observed, as text: a total, or broken of all rows';
COMMENT ON COLUMN clv.validation.allowed IS 'What the rule allows';
COMMENT ON COLUMN clv.validation.unexpected_rows IS 'Rows that break the rule; empty for a rule about totals';

CREATE VIEW clv.ingested AS
SELECT
    to_char((run.as_of - 1)::timestamp, 'YYYY-MM') AS data_month,
    run.as_of,
    counts.run_id,
    counts.table_name,
    counts.month,
    counts.clean_rows + counts.rejected_rows AS delivered_rows,
    counts.clean_rows,
    counts.rejected_rows
FROM clv.ingested_rows AS counts
INNER JOIN clv.run ON counts.run_id = run.run_id;

COMMENT ON VIEW clv.ingested IS
'What became of delivered rows: one row per run, table and month that the run read. A month that was current is not '
'read again, so the newest run of a table and month tells what the lake holds';
COMMENT ON COLUMN clv.ingested.data_month IS 'The data month of the run, YYYY-MM: the month before as_of';
COMMENT ON COLUMN clv.ingested.as_of IS 'First day after the data month of the run';
COMMENT ON COLUMN clv.ingested.run_id IS 'The run that read the month';
COMMENT ON COLUMN clv.ingested.table_name IS 'transactions, customers, sessions or products';
COMMENT ON COLUMN clv.ingested.month IS 'First day of the month that the rows are stored under';
COMMENT ON COLUMN clv.ingested.delivered_rows IS 'Rows that were delivered for the month: clean and rejected';
COMMENT ON COLUMN clv.ingested.clean_rows IS 'Rows in the clean table of the lake';
COMMENT ON COLUMN clv.ingested.rejected_rows IS 'Rows in the rejected table of the lake';

CREATE VIEW clv.rejected AS
SELECT
    to_char((run.as_of - 1)::timestamp, 'YYYY-MM') AS data_month,
    run.as_of,
    counts.run_id,
    counts.table_name,
    counts.month,
    counts.reason,
    counts.rows
FROM clv.rejected_rows AS counts
INNER JOIN clv.run ON counts.run_id = run.run_id;

COMMENT ON VIEW clv.rejected IS
'Why rows were rejected: one row per run, table, month and reason. A row with several reasons counts under each, so '
'that reasons can add up to more than rejected_rows of clv.ingested';
COMMENT ON COLUMN clv.rejected.data_month IS 'The data month of the run, YYYY-MM: the month before as_of';
COMMENT ON COLUMN clv.rejected.as_of IS 'First day after the data month of the run';
COMMENT ON COLUMN clv.rejected.run_id IS 'The run that read the month';
COMMENT ON COLUMN clv.rejected.table_name IS 'transactions, customers, sessions or products';
COMMENT ON COLUMN clv.rejected.month IS 'First day of the month that the rows are stored under';
COMMENT ON COLUMN clv.rejected.reason IS 'Why rows were rejected, as in rejected_for in the lake';
COMMENT ON COLUMN clv.rejected.rows IS 'Rows with this reason';

CREATE FUNCTION clv.clear_validation(p_run_id bigint, p_stage text) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM clv.validation_rows WHERE run_id = p_run_id AND stage = p_stage;
$$;

COMMENT ON FUNCTION clv.clear_validation(bigint, text) IS
'Remove what the validation of a stage of a run found, so that the transaction can record it again';

CREATE FUNCTION clv.clear_ingested(p_run_id bigint, p_table_name text) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM clv.ingested_rows WHERE run_id = p_run_id AND table_name = p_table_name;
$$;

COMMENT ON FUNCTION clv.clear_ingested(bigint, text) IS
'Remove the row counts of a table that a run read, so that the transaction can record them again';

REVOKE ALL ON FUNCTION
clv.clear_validation(bigint, text),
clv.clear_ingested(bigint, text)
FROM public;
GRANT EXECUTE ON FUNCTION
clv.clear_validation(bigint, text),
clv.clear_ingested(bigint, text)
TO clv_writer;
GRANT INSERT ON clv.validation_rows, clv.ingested_rows, clv.rejected_rows TO clv_writer;
GRANT SELECT ON clv.validation, clv.ingested, clv.rejected TO clv_writer, clv_reader;
