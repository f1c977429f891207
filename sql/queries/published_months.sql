-- The months that readers see in a value basis, by the first day after each.
SELECT as_of
FROM clv.published_load
WHERE value_basis = :value_basis
ORDER BY as_of;
