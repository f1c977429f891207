-- A run publishes the forecast that it made, not what another run has written over it in the lake since.
SET LOCAL ROLE clv_owner;

ALTER TABLE clv.run ADD COLUMN forecast_fingerprint text;

COMMENT ON COLUMN clv.run.forecast_fingerprint IS
'Fingerprint of the forecast in the lake that the run made or found current; empty until it has scored';

GRANT UPDATE (forecast_fingerprint) ON clv.run TO clv_writer;
