-- The newest plan that may write in a run's place: that of its month and value basis. Dry runs do not count. No row
-- where the run was never planned.
SELECT
    run.as_of,
    coalesce(max(newer.run_id), run.run_id) AS newest_run_id
FROM clv.run
LEFT JOIN clv.run AS newer
    ON
        run.run_id < newer.run_id
        AND run.as_of = newer.as_of
        AND run.value_basis = newer.value_basis
        AND NOT newer.is_dry_run
WHERE run.run_id = :run_id
GROUP BY run.run_id;
