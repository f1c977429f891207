-- What a load's rows of new customers add up to, and those that another version than the run's made.
SELECT
    count(*) AS rows,
    coalesce(sum(rows.clv_12m), 0) AS clv_12m,
    count(*) FILTER (
        WHERE rows.model_version IS DISTINCT FROM coalesce(run.first_month_version, run.model_version)
    ) AS by_another_version
FROM clv.first_month_rows AS rows
CROSS JOIN clv.run
WHERE rows.load_id = :load_id AND run.run_id = :run_id;
