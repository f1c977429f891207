-- What readers see of a month: the move of the pointer that shows it, and its run. The newest published month where
-- none is named. No row where the month is not published, or was withdrawn.
WITH shown AS (
    SELECT DISTINCT ON (as_of)
        as_of,
        data_month,
        flip_id AS publication_id,
        run_id,
        published_at
    FROM clv.publications
    ORDER BY as_of ASC, flip_id DESC
),

published AS (
    SELECT
        as_of,
        data_month,
        publication_id,
        run_id,
        published_at,
        max(as_of) OVER () AS newest_as_of
    FROM shown
    WHERE run_id IS NOT NULL
)

SELECT
    as_of,
    data_month,
    publication_id,
    run_id,
    published_at,
    newest_as_of
FROM published
WHERE as_of = coalesce(cast(:as_of AS date), as_of)
ORDER BY as_of DESC
LIMIT 1;
