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
    tier_before,
    status,
    clv_12m,
    p_active_1m,
    p_active_3m,
    p_active_6m,
    p_active_12m
) FROM STDIN (FORMAT csv, ENCODING 'utf8');
