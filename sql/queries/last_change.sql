-- The last time readers of a month were moved to a run, or lost it to a withdrawal, and what they saw before.
SELECT
    load_shown.content_hash,
    load_before.content_hash AS content_hash_before
FROM clv.published_history AS history
LEFT JOIN clv.forecast_load AS load_shown ON history.load_id = load_shown.load_id
LEFT JOIN clv.forecast_load AS load_before ON history.replaced_load_id = load_before.load_id
WHERE history.as_of = :as_of AND coalesce(history.run_id, history.replaced_run_id) = :run_id
ORDER BY history.flip_id DESC
LIMIT 1;
