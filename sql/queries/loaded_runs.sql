-- The runs that have loaded a forecast of a month in a value basis, the newest first: which of them readers see, who
-- took one back, and who made readers see one by a rollback.
SELECT
    runs.run_id,
    runs.status = 'published' AS is_published,
    CASE WHEN last_move.replaced_run_id = runs.run_id THEN last_move.rolled_back_by END AS taken_back_by,
    CASE WHEN last_move.run_id = runs.run_id THEN last_move.rolled_back_by END AS put_back_by,
    runs.model_version,
    runs.forecast_rows,
    runs.clv_12m_total,
    runs.published_at AS loaded_at
FROM clv.all_runs AS runs
LEFT JOIN LATERAL (
    SELECT
        published_history.run_id,
        published_history.replaced_run_id,
        published_history.rolled_back_by
    FROM clv.published_history
    WHERE runs.run_id IN (published_history.run_id, published_history.replaced_run_id)
    ORDER BY published_history.flip_id DESC
    LIMIT 1
) AS last_move ON TRUE
WHERE runs.as_of = :as_of AND runs.value_basis = :value_basis AND runs.content_hash IS NOT NULL
ORDER BY runs.run_id DESC;
