-- A key of the REST service that was not revoked.
SELECT
    key_id,
    name,
    sha256,
    scopes
FROM clv.api_key
WHERE key_id = :key_id AND revoked_at IS NULL;
