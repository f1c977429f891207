-- What customers brought in a month, as CSV on the connection.
COPY clv.realised_rows (value_basis, month, customer_id, net_value, orders) FROM STDIN (FORMAT csv, ENCODING 'utf8');
