-- The run readers see for a month in a value basis: what a new publish of that month would replace. No row where none
-- is published.
SELECT
    published.run_id,
    published.load_id,
    forecast_load.model_version,
    forecast_load.forecast_rows,
    forecast_load.clv_12m_total,
    forecast_load.content_hash,
    forecast_load.lake_fingerprint,
    published.published_at
FROM clv.published_load AS published
INNER JOIN clv.forecast_load ON published.load_id = forecast_load.load_id
WHERE published.as_of = :as_of AND published.value_basis = :value_basis;
