-- Point readers at a load, provided that its run is still the newest of its month.
SELECT clv.publish_load(:load_id);
