-- The newest plan that may write in a run's place: for a standard run, the newest standard plan of its month; for a
-- special run, the newest plan of its Airflow run. Dry runs do not count. No row where the run was never planned.
SELECT
    run.as_of,
    coalesce(max(newer.run_id), run.run_id) AS newest_run_id
FROM clv.run
LEFT JOIN clv.run AS newer
    ON
        run.run_id < newer.run_id
        AND NOT newer.is_dry_run
        AND CASE
            WHEN run.is_special THEN run.dag_run_id = newer.dag_run_id
            ELSE run.as_of = newer.as_of AND NOT newer.is_special
        END
WHERE run.run_id = :run_id
GROUP BY run.run_id;
