-- Make room for the drift of a load.
SELECT clv.clear_drift(:load_id);
