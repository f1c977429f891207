-- What customers brought in a month, as CSV on the connection.
COPY clv.actual_rows (month, customer_id, net_value, orders) FROM STDIN (FORMAT csv, ENCODING 'utf8');
