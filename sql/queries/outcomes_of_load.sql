-- The forecasts of a load over its first months, and what the same customers brought in them and in the year before.
WITH lived AS (
    SELECT
        customer_id,
        sum(net_value) FILTER (WHERE month >= :as_of) AS actual,
        sum(net_value) FILTER (WHERE month < :as_of) AS last_year
    FROM clv.realised_rows
    WHERE value_basis = :value_basis AND month >= :year_before AND month < :until
    GROUP BY customer_id
)

SELECT
    made.status,
    known.tier,
    CASE :months WHEN 1 THEN made.clv_1m WHEN 3 THEN made.clv_3m WHEN 6 THEN made.clv_6m ELSE made.clv_12m END
    ::double precision AS forecast,
    made.clv_12m_p10::double precision AS lower,
    made.clv_12m_p90::double precision AS upper,
    coalesce(lived.actual, 0)::double precision AS actual,
    coalesce(lived.last_year, 0)::double precision AS last_year
FROM clv.forecast_rows AS made
LEFT JOIN clv.customer_rows AS known ON made.load_id = known.load_id AND made.customer_id = known.customer_id
LEFT JOIN lived ON made.customer_id = lived.customer_id
WHERE made.load_id = :load_id
ORDER BY made.customer_id;
