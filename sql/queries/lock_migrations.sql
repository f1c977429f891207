-- One migration at a time in this database; 1129074225 is 'CLV1' in ASCII.
SELECT pg_advisory_xact_lock(1129074225);
