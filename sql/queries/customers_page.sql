-- The next customers of the newest published month in the order of their ids.
SELECT
    customer_id,
    clv_12m,
    clv_12m_p10,
    clv_12m_p90,
    p_active_12m,
    status,
    method,
    model_version,
    tier,
    tier_before
FROM clv.customer_list
WHERE
    (cast(:after AS text) IS NULL OR customer_id > :after)
    AND (cast(:status AS text) IS NULL OR status = :status)
    AND (cast(:tier AS smallint) IS NULL OR tier = :tier)
    AND (cast(:min_clv AS numeric) IS NULL OR clv_12m >= :min_clv)
ORDER BY customer_id
LIMIT :page_size;
