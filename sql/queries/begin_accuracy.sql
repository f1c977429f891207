-- Replace what was measured of a load over a horizon: its rows go with it.
DELETE FROM clv.accuracy_measured
WHERE load_id = :load_id AND horizon_months = :horizon_months;
INSERT INTO clv.accuracy_measured (load_id, horizon_months, inputs_fingerprint)
VALUES (:load_id, :horizon_months, :inputs_fingerprint);
