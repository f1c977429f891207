-- Every key of the REST service, without its hash.
SELECT
    key_id,
    name,
    scopes,
    created_at,
    created_by,
    revoked_at
FROM clv.api_key
ORDER BY created_at, key_id;
