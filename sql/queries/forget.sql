-- Delete the rows of customers, and record it.
SELECT
    table_name,
    rows
FROM clv.forget(:customers, :by, :because)
ORDER BY table_name;
