-- Remove the rows of forecasts that other runs replaced before a day; whose they were.
SELECT
    as_of,
    run_id,
    rows
FROM clv.remove_replaced_rows(:before);
