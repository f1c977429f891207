-- Refuse a key from now on. No row where there is no such key, or it is revoked already.
UPDATE clv.api_key
SET revoked_at = clock_timestamp()
WHERE key_id = :key_id AND revoked_at IS NULL
RETURNING key_id, name;
