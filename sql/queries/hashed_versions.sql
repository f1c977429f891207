-- The versions of a model whose files can be checked.
SELECT DISTINCT model_version
FROM clv.model_hash
WHERE model_name = :model_name;
