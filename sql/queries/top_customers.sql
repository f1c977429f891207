-- The ten most valuable customers of a published month.
SELECT
    customer_id,
    clv_12m,
    clv_12m_p10,
    clv_12m_p90,
    p_active_12m,
    status,
    method
FROM clv.forecast
WHERE as_of = :as_of
ORDER BY clv_12m DESC, customer_id ASC
LIMIT 10;
