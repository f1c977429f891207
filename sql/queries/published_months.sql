-- Every published month, oldest first, and the run readers see for it.
SELECT
    as_of,
    run_id
FROM clv.published
ORDER BY as_of;
