-- The hash of a part of a version that was registered just now. The hash that is recorded cannot be replaced.
INSERT INTO clv.model_hash (model_name, model_version, part, sha256)
VALUES (:model_name, :model_version, :part, :sha256)
ON CONFLICT (model_name, model_version, part) DO NOTHING;
