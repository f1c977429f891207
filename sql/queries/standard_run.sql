-- The newest standard run planned for a month. No row where none was.
SELECT
    run_id,
    dag_run_id
FROM clv.run
WHERE as_of = :as_of AND NOT is_special AND NOT is_dry_run
ORDER BY run_id DESC
LIMIT 1;
