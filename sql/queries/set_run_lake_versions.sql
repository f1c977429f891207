-- The versions of the lake's tables that a run reads.
UPDATE clv.run
SET lake_versions = cast(:versions AS jsonb)
WHERE run_id = :run_id;
