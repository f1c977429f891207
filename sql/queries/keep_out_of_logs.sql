-- What this transaction does is in no log of the server, whether it fails or not, and it may take long.
SET LOCAL log_statement = 'none';
SET LOCAL log_min_error_statement = 'panic';
SET LOCAL log_min_duration_statement = -1;
SET LOCAL statement_timeout = 0;
