-- How well the model that a run scores with knows the level of a total over a horizon.
INSERT INTO clv.run_level (run_id, horizon_months, variance, quantile)
VALUES (:run_id, :horizon_months, :variance, :quantile)
ON CONFLICT (run_id, horizon_months) DO UPDATE
    SET variance = excluded.variance, quantile = excluded.quantile;
