-- Who the customers of a load are, as CSV on the connection.
COPY clv.customer_rows (
    load_id,
    customer_id,
    city,
    country,
    membership,
    signup_on,
    first_ordered_on,
    last_ordered_on,
    orders_lifetime,
    net_value_lifetime,
    net_value_12m,
    main_department,
    tier,
    tier_before
) FROM STDIN (FORMAT csv, ENCODING 'utf8');
