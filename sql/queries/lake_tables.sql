-- The tables of the lake that runs of a value basis have read.
SELECT DISTINCT jsonb_object_keys(run.lake_versions) AS table_name
FROM clv.run
WHERE run.value_basis = :value_basis AND run.lake_versions IS NOT NULL;
