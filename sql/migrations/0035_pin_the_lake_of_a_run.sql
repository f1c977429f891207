-- What a run read can be read again: the version of each table of the lake.
SET LOCAL ROLE clv_owner;

ALTER TABLE clv.run ADD COLUMN lake_versions jsonb;

COMMENT ON COLUMN clv.run.lake_versions IS
'Table of the lake -> the version that the run reads: that of its plan, then those that it published from';

GRANT UPDATE (lake_versions) ON clv.run TO clv_writer;
