-- The newest month that readers see in a value basis; empty while there is none.
SELECT max(as_of) AS as_of
FROM clv.published_load
WHERE value_basis = :value_basis;
