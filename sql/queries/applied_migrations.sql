-- The migrations this database has been through, in order.
SELECT
    name,
    sha256
FROM clv.schema_migrations
ORDER BY name;
