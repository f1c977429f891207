-- Rows of a load's accuracy on new customers, as CSV on the connection.
COPY clv.first_month_accuracy_rows (
    load_id,
    candidate,
    trained_until,
    customers,
    months,
    actual_total,
    forecast_total,
    norm_gini,
    decile_mape,
    wape,
    coverage
) FROM STDIN (FORMAT csv, ENCODING 'utf8');
