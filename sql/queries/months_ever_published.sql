-- Every month that readers see or saw; one that they do not see now was withdrawn.
SELECT DISTINCT
    history.as_of,
    published.as_of IS NOT NULL AS is_published
FROM clv.published_history AS history
LEFT JOIN clv.published ON history.as_of = published.as_of
ORDER BY history.as_of;
