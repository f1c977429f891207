-- The published load of a month in a value basis, and that of the month before; nothing of the latter where none is.
-- Totals are those of the rows that are there: without the customers that were erased since.
SELECT
    load.load_id,
    load.model_version,
    load.clv_12m_total - coalesce(gone.clv_12m, 0) AS clv_12m_total,
    load_before.load_id AS before_load_id,
    load_before.model_version AS before_model_version,
    load_before.clv_12m_total - coalesce(gone_before.clv_12m, 0) AS before_clv_12m_total,
    load_before.lake_fingerprint AS before_lake_fingerprint
FROM clv.published_load AS published
INNER JOIN clv.forecast_load AS load ON published.load_id = load.load_id
LEFT JOIN clv.published_load AS previous
    ON
        previous.as_of = (published.as_of - interval '1 month')::date
        AND published.value_basis = previous.value_basis
LEFT JOIN clv.forecast_load AS load_before ON previous.load_id = load_before.load_id
LEFT JOIN LATERAL (
    SELECT sum(erased_load.clv_12m) AS clv_12m
    FROM clv.erased_load
    WHERE erased_load.load_id = load.load_id
) AS gone ON TRUE
LEFT JOIN LATERAL (
    SELECT sum(erased_load.clv_12m) AS clv_12m
    FROM clv.erased_load
    WHERE erased_load.load_id = load_before.load_id
) AS gone_before ON TRUE
WHERE published.as_of = :as_of AND published.value_basis = :value_basis;
