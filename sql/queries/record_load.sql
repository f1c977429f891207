-- Record a load that has just been copied, with its totals, and tell the model versions it must agree on.
WITH totals AS (
    SELECT
        count(*) AS forecast_rows,
        sum(clv_12m) AS clv_12m_total,
        jsonb_build_object(
            'clv_1m', sum(clv_1m)::text,
            'clv_3m', sum(clv_3m)::text,
            'clv_6m', sum(clv_6m)::text,
            'clv_12m', sum(clv_12m)::text,
            'clv_12m_p10', sum(clv_12m_p10)::text,
            'clv_12m_p90', sum(clv_12m_p90)::text,
            'month_01', sum(month_01)::text,
            'month_02', sum(month_02)::text,
            'month_03', sum(month_03)::text,
            'month_04', sum(month_04)::text,
            'month_05', sum(month_05)::text,
            'month_06', sum(month_06)::text,
            'month_07', sum(month_07)::text,
            'month_08', sum(month_08)::text,
            'month_09', sum(month_09)::text,
            'month_10', sum(month_10)::text,
            'month_11', sum(month_11)::text,
            'month_12', sum(month_12)::text
        ) AS money_totals,
        -- A sum of hashes does not depend on the order of the rows. model_version is not content but origin.
        md5(
            count(*)::text || ':' || sum(
                ('x' || left(md5(
                    row(
                        customer_id, clv_1m, clv_3m, clv_6m, clv_12m, clv_12m_p10, clv_12m_p90,
                        p_active_12m, month_01, month_02, month_03, month_04, month_05,
                        month_06, month_07, month_08, month_09, month_10, month_11, month_12,
                        status, method, reason_1, reason_2, reason_3
                    )::text
                ), 16))::bit(64)::bigint
            )::text
        ) AS content_hash,
        min(model_version) AS lowest_model_version,
        max(model_version) AS highest_model_version
    FROM clv.forecast_rows
    WHERE load_id = :load_id
),

recorded AS (
    INSERT INTO clv.forecast_load (
        load_id,
        as_of,
        run_id,
        model_version,
        forecast_rows,
        clv_12m_total,
        money_totals,
        content_hash,
        lake_fingerprint
    )
    SELECT
        :load_id AS load_id,
        :as_of AS as_of,
        :run_id AS run_id,
        lowest_model_version,
        forecast_rows,
        clv_12m_total,
        money_totals,
        content_hash,
        :lake_fingerprint AS lake_fingerprint
    FROM totals
    WHERE forecast_rows > 0
)

SELECT
    totals.*,
    run.model_version AS run_model_version
FROM totals
CROSS JOIN clv.run
WHERE run.run_id = :run_id;
