-- Rows of a special run, as CSV on the connection.
COPY clv.special_rows (
    run_id,
    customer_id,
    clv,
    clv_p10,
    clv_p90,
    p_active,
    status,
    method,
    model_version
) FROM STDIN (FORMAT csv, ENCODING 'utf8');
