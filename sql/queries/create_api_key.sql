-- Record a key of the REST service.
INSERT INTO clv.api_key (key_id, name, sha256, scopes, created_by)
VALUES (:key_id, :key_name, :sha256, :scopes, :created_by);
