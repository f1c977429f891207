-- The forecast that a run has made in the lake, or found current there. Publishing refuses any other.
UPDATE clv.run
SET forecast_fingerprint = :fingerprint
WHERE run_id = :run_id;
