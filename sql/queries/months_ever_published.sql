-- Every month that readers see or saw in a value basis; one that they do not see now was withdrawn.
SELECT DISTINCT
    history.as_of,
    published.as_of IS NOT NULL AS is_published
FROM clv.published_history AS history
LEFT JOIN clv.published_load AS published
    ON history.as_of = published.as_of AND history.value_basis = published.value_basis
WHERE history.value_basis = :value_basis
ORDER BY history.as_of;
