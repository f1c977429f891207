-- The forecasts of a load over its first months, and what the same customers brought in them and in the year before.
SELECT
    rows.status,
    (CASE :horizon_months WHEN 1 THEN clv_1m WHEN 3 THEN clv_3m WHEN 6 THEN clv_6m WHEN 12 THEN clv_12m END)
    ::double precision AS forecast,
    rows.clv_12m_p10::double precision AS lower,
    rows.clv_12m_p90::double precision AS upper,
    coalesce(lived.actual, 0)::double precision AS actual,
    coalesce(lived.last_year, 0)::double precision AS last_year
FROM clv.forecast_rows AS rows
LEFT JOIN (
    SELECT
        customer_id,
        sum(net_value) FILTER (WHERE month >= :as_of) AS actual,
        sum(net_value) FILTER (WHERE month < :as_of) AS last_year
    FROM clv.actual_rows
    WHERE month >= :year_before AND month < :until
    GROUP BY customer_id
) AS lived ON rows.customer_id = lived.customer_id
WHERE rows.load_id = :load_id
ORDER BY rows.customer_id;
