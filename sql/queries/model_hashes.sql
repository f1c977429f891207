-- The hash of each part of a version; no row where none was recorded.
SELECT
    part,
    sha256
FROM clv.model_hash
WHERE model_name = :model_name AND model_version = :model_version;
