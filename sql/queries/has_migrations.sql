-- Whether any migration was ever applied.
SELECT to_regclass('clv.schema_migrations') IS NOT NULL AS has_migrations;
