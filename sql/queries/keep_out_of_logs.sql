-- What this transaction does is in no log of the server, whether it fails or not, and it may take long.
SELECT
    set_config('log_statement', 'none', TRUE) AS log_statement,
    set_config('log_min_error_statement', 'panic', TRUE) AS log_min_error_statement,
    set_config('log_min_duration_statement', '-1', TRUE) AS log_min_duration_statement,
    set_config('statement_timeout', '0', TRUE) AS statement_timeout;
