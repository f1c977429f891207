-- The newest run planned for a month in a value basis. Where none was: the scheduled run whose plan failed, without a
-- run_id. Runs of clv_monthly_margin are named margin/ and their id.
SELECT
    run_id,
    dag_run_id
FROM (
    SELECT
        run_id,
        dag_run_id,
        planned_at AS happened_at
    FROM clv.run
    WHERE as_of = :as_of AND value_basis = :value_basis AND NOT is_dry_run
    UNION ALL
    SELECT
        NULL AS run_id,
        dag_run_id,
        failed_at AS happened_at
    FROM clv.run_failure
    WHERE
        as_of = :as_of
        AND task = 'plan.plan'
        AND starts_with(dag_run_id, CASE :value_basis WHEN 'margin' THEN 'margin/' ELSE '' END || 'scheduled__')
) AS started
ORDER BY run_id DESC NULLS LAST, happened_at DESC
LIMIT 1;
