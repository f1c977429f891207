-- The runs whose rows are there, in a value basis: what they read of the lake, and the versions that forecast. So are
-- all runs that were planned since a day.
SELECT
    run.run_id,
    run.lake_versions,
    forecast_load.model_version,
    run.first_month_version
FROM clv.run
INNER JOIN clv.forecast_load ON run.run_id = forecast_load.run_id
WHERE
    run.value_basis = :value_basis
    AND (
        run.planned_at >= :planned_since
        OR EXISTS (
            SELECT FROM clv.forecast_rows
            WHERE forecast_rows.load_id = forecast_load.load_id
        )
    )
ORDER BY run.run_id;
