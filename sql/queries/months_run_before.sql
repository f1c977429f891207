-- The months before one that standard runs were made of, and whether one of them is published.
SELECT
    as_of,
    bool_or(status = 'published') AS is_published
FROM clv.runs
WHERE as_of < :as_of AND status <> 'dry run'
GROUP BY as_of
ORDER BY as_of;
