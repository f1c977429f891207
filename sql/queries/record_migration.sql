-- A migration has been applied, in this transaction.
INSERT INTO clv.schema_migrations (name, sha256)
VALUES (:name, :sha256);
