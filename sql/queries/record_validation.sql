-- Record what one rule found.
INSERT INTO clv.validation_rows (
    run_id, stage, suite, rule, column_name, says, severity, success, observed, allowed, unexpected_rows
)
VALUES (
    :run_id, :stage, :suite, :rule, :column_name, :says, :severity, :success, :observed, :allowed, :unexpected_rows
);
