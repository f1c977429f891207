-- Write every table of the database anew, with its statistics: bytes of deleted rows go.
VACUUM (FULL, ANALYZE);
