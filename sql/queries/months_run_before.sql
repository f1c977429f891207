-- The months before one that runs were made of in a value basis, and whether one of them is published.
SELECT
    as_of,
    bool_or(status = 'published') AS is_published
FROM clv.all_runs
WHERE as_of < :as_of AND value_basis = :value_basis AND status <> 'dry run'
GROUP BY as_of
ORDER BY as_of;
