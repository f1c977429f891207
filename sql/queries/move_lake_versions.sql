-- Every run of a value basis that has pinned versions of the lake gets others: earlier ones are gone.
UPDATE clv.run
SET lake_versions = lake_versions || cast(:versions AS jsonb)
WHERE value_basis = :value_basis AND lake_versions IS NOT NULL;
