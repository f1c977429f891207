-- The service forecasts with the champion, whose files it checks against the hash that was registered.
SET LOCAL ROLE clv_owner;

GRANT SELECT ON clv.model_hash TO clv_api;
