-- The runs that have loaded a forecast of a month, the newest first, and which of them readers see.
SELECT
    run_id,
    status = 'published' AS is_published,
    model_version,
    forecast_rows,
    clv_12m_total,
    published_at AS loaded_at
FROM clv.runs
WHERE as_of = :as_of AND content_hash IS NOT NULL
ORDER BY run_id DESC;
