-- The published load of a month, and that of the month before; nothing of the latter where none is published.
SELECT
    load.load_id,
    load.model_version,
    load.clv_12m_total,
    load_before.load_id AS before_load_id,
    load_before.model_version AS before_model_version,
    load_before.clv_12m_total AS before_clv_12m_total,
    load_before.lake_fingerprint AS before_lake_fingerprint
FROM clv.published
INNER JOIN clv.forecast_load AS load ON published.load_id = load.load_id
LEFT JOIN clv.published AS previous ON previous.as_of = (published.as_of - interval '1 month')::date
LEFT JOIN clv.forecast_load AS load_before ON previous.load_id = load_before.load_id
WHERE published.as_of = :as_of;
