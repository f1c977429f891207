-- Totals with intervals, over each horizon, of the customers of a published month that a filter or a list of ids keeps.
-- A join of all customers takes longer than their sums: it is made where a filter needs who they are.
WITH made AS (
    SELECT forecast.*
    FROM clv.forecast
    WHERE
        forecast.as_of = :as_of
        AND cast(:tier AS smallint) IS NULL
        AND coalesce(cast(:country AS text), :membership, :main_department) IS NULL
    UNION ALL
    SELECT forecast.*
    FROM clv.forecast
    INNER JOIN clv.customer AS known
        ON forecast.as_of = known.as_of AND forecast.customer_id = known.customer_id
    WHERE
        forecast.as_of = :as_of
        AND NOT (
            cast(:tier AS smallint) IS NULL
            AND coalesce(cast(:country AS text), :membership, :main_department) IS NULL
        )
        AND (cast(:tier AS smallint) IS NULL OR known.tier = :tier)
        AND (cast(:country AS text) IS NULL OR coalesce(known.country, 'unknown') = :country)
        AND (cast(:membership AS text) IS NULL OR coalesce(known.membership, 'unknown') = :membership)
        AND (
            cast(:main_department AS text) IS NULL OR coalesce(known.main_department, 'unknown') = :main_department
        )
),

chosen AS (
    SELECT
        count(*) AS customers,
        coalesce(sum(made.clv_1m), 0) AS clv_1m,
        coalesce(sum(made.clv_3m), 0) AS clv_3m,
        coalesce(sum(made.clv_6m), 0) AS clv_6m,
        coalesce(sum(made.clv_12m), 0) AS clv_12m,
        sum(made.variance_1m) AS variance_1m,
        sum(made.variance_3m) AS variance_3m,
        sum(made.variance_6m) AS variance_6m,
        sum(made.variance_12m) AS variance_12m
    FROM made
    WHERE
        (cast(:customer_ids AS text[]) IS NULL OR made.customer_id = any(cast(:customer_ids AS text[])))
        AND (cast(:status AS text) IS NULL OR made.status = :status)
)

SELECT
    horizon.months AS horizon_months,
    chosen.customers,
    horizon.net_value,
    ends.p10,
    ends.p90,
    (
        SELECT max(total.currency)
        FROM clv.forecast_total AS total
        WHERE total.as_of = :as_of
    ) AS currency
FROM chosen
CROSS JOIN
    LATERAL (
        VALUES
        (1, chosen.clv_1m, chosen.variance_1m),
        (3, chosen.clv_3m, chosen.variance_3m),
        (6, chosen.clv_6m, chosen.variance_6m),
        (12, chosen.clv_12m, chosen.variance_12m)
    ) AS horizon (months, net_value, variance)
LEFT JOIN
    LATERAL
    clv.total_interval(:as_of, horizon.months, horizon.net_value, horizon.variance) AS ends
    ON TRUE
ORDER BY horizon.months;
