-- Record a step of the bridge to a load.
INSERT INTO clv.bridge_rows (load_id, before_load_id, step_order, step, net_value, customers)
VALUES (:load_id, :before_load_id, :step_order, :step, :net_value, :customers);
