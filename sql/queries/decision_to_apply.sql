-- The decision on the version of a model that forecasts a run, and whether readers see the run. No row where none was
-- made.
SELECT
    decided.decision_id,
    decided.decision,
    decided.model_version,
    decided.champion_before,
    decided.champion_after,
    decided.took_effect_at,
    published.run_id IS NOT NULL AS is_published,
    (
        SELECT max(newest.as_of)
        FROM clv.published_load AS newest
        WHERE newest.value_basis = run.value_basis
    ) > run.as_of AS is_later_published
FROM clv.model_decision AS decided
INNER JOIN clv.run ON decided.run_id = run.run_id
LEFT JOIN clv.published_load AS published ON decided.run_id = published.run_id
WHERE
    decided.run_id = :run_id
    AND decided.model_name = :model_name
    AND decided.forecast_by
    = CASE decided.model_name WHEN 'clv_first_month' THEN run.first_month_version ELSE run.model_version END
ORDER BY decided.decision_id DESC
LIMIT 1;
