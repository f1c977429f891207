-- Make room for the bridge to a load.
SELECT clv.clear_bridge(:load_id);
