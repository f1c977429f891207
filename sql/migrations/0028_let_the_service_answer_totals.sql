-- What the service needs to answer totals, tiers and the record.
SET LOCAL ROLE clv_owner;

-- The tier is looked up a row at a time, so that a page stays a piece of the primary key's index.
CREATE OR REPLACE VIEW clv.customer_list AS
SELECT
    made.customer_id,
    made.clv_12m,
    made.clv_12m_p10,
    made.clv_12m_p90,
    made.p_active_12m,
    made.status,
    made.method,
    made.model_version,
    (
        SELECT known.tier
        FROM clv.customer_rows AS known
        WHERE known.load_id = made.load_id AND known.customer_id = made.customer_id
    ) AS tier,
    (
        SELECT known.tier_before
        FROM clv.customer_rows AS known
        WHERE known.load_id = made.load_id AND known.customer_id = made.customer_id
    ) AS tier_before
FROM clv.forecast_rows AS made
WHERE made.load_id = (
    SELECT published.load_id
    FROM clv.published
    ORDER BY published.as_of DESC
    LIMIT 1
);

COMMENT ON COLUMN clv.customer_list.tier IS 'As in clv.customer_current';
COMMENT ON COLUMN clv.customer_list.tier_before IS 'As in clv.customer_current';

GRANT SELECT ON clv.customer, clv.forecast_total, clv.accuracy TO clv_api;
GRANT EXECUTE ON FUNCTION clv.total_interval(date, integer, numeric, double precision) TO clv_api;
