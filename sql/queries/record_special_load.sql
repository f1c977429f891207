-- The total of a special run whose rows are about to be copied, and the version it scores with.
INSERT INTO clv.special_load (run_id, model_version, customers, clv, clv_p10, clv_p90, lake_fingerprint)
SELECT
    run.run_id,
    run.model_version,
    :customers AS customers,
    :clv AS clv,
    :clv_p10 AS clv_p10,
    :clv_p90 AS clv_p90,
    :lake_fingerprint AS lake_fingerprint
FROM clv.run
WHERE run.run_id = :run_id;
