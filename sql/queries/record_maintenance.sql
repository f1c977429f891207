-- What a maintenance removed of one kind.
INSERT INTO clv.maintenance_rows (kept_since, what, removed, detail)
VALUES (:kept_since, :what, :removed, :detail);
