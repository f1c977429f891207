-- Close a load whose rows have just been copied, record its totals, and tell the model versions it must agree on.
SELECT
    forecast_rows,
    clv_12m_total,
    money_totals,
    content_hash,
    lowest_model_version,
    highest_model_version,
    run_model_version
FROM clv.record_load(:load_id, :lake_fingerprint);
