-- Totals with intervals: of all customers and of each status in a view, of any other segment by a function.
SET LOCAL ROLE clv_owner;

ALTER TABLE clv.run ADD COLUMN currency text;
COMMENT ON COLUMN clv.run.currency IS
'ISO 4217 code of all amounts of the run; empty for runs from before it was recorded';
GRANT INSERT (currency) ON clv.run TO clv_writer;

ALTER TABLE clv.forecast_rows
ADD COLUMN p_active_1m double precision,
ADD COLUMN p_active_3m double precision,
ADD COLUMN p_active_6m double precision,
ADD COLUMN variance_1m double precision,
ADD COLUMN variance_3m double precision,
ADD COLUMN variance_6m double precision,
ADD COLUMN variance_12m double precision,
ADD CONSTRAINT p_active_rises CHECK (
    p_active_1m >= 0 AND p_active_1m <= p_active_3m AND p_active_3m <= p_active_6m AND p_active_6m <= p_active_12m
);

COMMENT ON COLUMN clv.forecast_rows.p_active_1m IS 'Probability of at least one order in the first forecast month';
COMMENT ON COLUMN clv.forecast_rows.p_active_3m IS
'Probability of at least one order in the first three forecast months';
COMMENT ON COLUMN clv.forecast_rows.p_active_6m IS
'Probability of at least one order in the first six forecast months';
COMMENT ON COLUMN clv.forecast_rows.variance_1m IS
'Variance of clv_1m, without the error of level that all customers share: '
'add it up over customers for clv.total_interval';
COMMENT ON COLUMN clv.forecast_rows.variance_3m IS
'Variance of clv_3m, without the error of level that all customers share: '
'add it up over customers for clv.total_interval';
COMMENT ON COLUMN clv.forecast_rows.variance_6m IS
'Variance of clv_6m, without the error of level that all customers share: '
'add it up over customers for clv.total_interval';
COMMENT ON COLUMN clv.forecast_rows.variance_12m IS
'Variance of clv_12m, without the error of level that all customers share: '
'add it up over customers for clv.total_interval';

CREATE TABLE clv.run_level (
    run_id bigint NOT NULL REFERENCES clv.run (run_id),
    horizon_months smallint NOT NULL,
    variance double precision NOT NULL,
    quantile double precision NOT NULL,
    PRIMARY KEY (run_id, horizon_months)
);

COMMENT ON TABLE clv.run_level IS
'How well a run''s model knows the level of its totals, by horizon: all customers share this error';
COMMENT ON COLUMN clv.run_level.run_id IS 'The run';
COMMENT ON COLUMN clv.run_level.horizon_months IS 'How many forecast months are added up, from the first on';
COMMENT ON COLUMN clv.run_level.variance IS 'Variance of the logarithm of the level, from earlier totals and what came';
COMMENT ON COLUMN clv.run_level.quantile IS
'How many standard deviations an 80 % interval reaches: Student''s t, as few earlier totals are known';

CREATE TABLE clv.total_rows (
    load_id bigint NOT NULL,
    horizon_months smallint NOT NULL,
    segment_by text NOT NULL,
    segment text NOT NULL,
    customers bigint NOT NULL,
    net_value numeric NOT NULL,
    variance double precision,
    p10 numeric,
    p90 numeric,
    PRIMARY KEY (load_id, horizon_months, segment_by, segment)
);

COMMENT ON TABLE clv.total_rows IS
'One row per load, horizon and segment. Readers see the published ones in clv.forecast_total';
COMMENT ON COLUMN clv.total_rows.load_id IS 'The load that was added up';
COMMENT ON COLUMN clv.total_rows.horizon_months IS 'How many forecast months are added up, from the first on';
COMMENT ON COLUMN clv.total_rows.segment_by IS 'What the customers are grouped by: all or status';
COMMENT ON COLUMN clv.total_rows.segment IS 'all, or a status';
COMMENT ON COLUMN clv.total_rows.customers IS 'Customers in the segment';
COMMENT ON COLUMN clv.total_rows.net_value IS 'Expected net value of the months, all customers added up';
COMMENT ON COLUMN clv.total_rows.variance IS 'Sum of the customers'' variances, without the error of level';
COMMENT ON COLUMN clv.total_rows.p10 IS 'Lower end of the 80 % interval of net_value';
COMMENT ON COLUMN clv.total_rows.p90 IS 'Upper end of the 80 % interval of net_value';

CREATE FUNCTION clv.total_ends(
    p_net_value numeric,
    p_variance double precision,
    p_level_variance double precision,
    p_level_quantile double precision,
    OUT p10 numeric,
    OUT p90 numeric
)
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        round((p_net_value::double precision * exp(-reach))::numeric, 2) AS p10,
        round((p_net_value::double precision * exp(reach))::numeric, 2) AS p90
    FROM (
        SELECT
            CASE
                WHEN p_net_value > 0
                    THEN sqrt(p_level_variance + p_variance / p_net_value::double precision ^ 2) * p_level_quantile
                ELSE p_level_quantile * 0
            END AS reach
    ) AS known;
$$;

COMMENT ON FUNCTION clv.total_ends(numeric, double precision, double precision, double precision) IS
'Ends of the 80 % interval of a total: a lognormal with the customers'' own variances and the variance of the level';

CREATE FUNCTION clv.total_interval(
    p_as_of date, p_horizon_months integer, p_net_value numeric, p_variance double precision
) RETURNS TABLE (p10 numeric, p90 numeric)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        ends.p10,
        ends.p90
    FROM clv.published
    INNER JOIN clv.run_level AS level ON published.run_id = level.run_id
    CROSS JOIN LATERAL clv.total_ends(p_net_value, p_variance, level.variance, level.quantile) AS ends
    WHERE published.as_of = p_as_of AND level.horizon_months = p_horizon_months;
$$;

COMMENT ON FUNCTION clv.total_interval(date, integer, numeric, double precision) IS
'80 % interval of a total of customers of a published month: give the sums of clv_…m and variance_…m of any customers, '
'as in docs/sql_examples.md. No row where the month or its level is not known';

CREATE OR REPLACE FUNCTION clv.record_load(p_load_id bigint, p_lake_fingerprint text)
RETURNS TABLE (
    forecast_rows bigint,
    clv_12m_total numeric,
    money_totals jsonb,
    content_hash text,
    lowest_model_version bigint,
    highest_model_version bigint,
    run_model_version bigint
)
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    WITH closed AS (
        DELETE FROM clv.open_load
        WHERE load_id = p_load_id AND transaction_id = pg_current_xact_id()
        RETURNING as_of, run_id
    ),

    totals AS (
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
                            status, method, reason_1, reason_2, reason_3, p_active_1m, p_active_3m, p_active_6m,
                            variance_1m, variance_3m, variance_6m, variance_12m
                        )::text
                    ), 16))::bit(64)::bigint
                )::text
            ) AS content_hash,
            min(model_version) AS lowest_model_version,
            max(model_version) AS highest_model_version
        FROM clv.forecast_rows
        WHERE load_id = p_load_id
    ),

    segments AS (
        SELECT
            CASE WHEN grouping(status) = 1 THEN 'all' ELSE 'status' END AS segment_by,
            coalesce(status, 'all') AS segment,
            count(*) AS customers,
            sum(clv_1m) AS clv_1m,
            sum(clv_3m) AS clv_3m,
            sum(clv_6m) AS clv_6m,
            sum(clv_12m) AS clv_12m,
            sum(variance_1m) AS variance_1m,
            sum(variance_3m) AS variance_3m,
            sum(variance_6m) AS variance_6m,
            sum(variance_12m) AS variance_12m
        FROM clv.forecast_rows
        WHERE load_id = p_load_id
        GROUP BY GROUPING SETS ((), (status))
        HAVING count(*) > 0
    ),

    totalled AS (
        INSERT INTO clv.total_rows (
            load_id, horizon_months, segment_by, segment, customers, net_value, variance, p10, p90
        )
        SELECT
            p_load_id AS load_id,
            horizon.months AS horizon_months,
            segments.segment_by,
            segments.segment,
            segments.customers,
            horizon.net_value,
            horizon.variance,
            ends.p10,
            ends.p90
        FROM segments
        CROSS JOIN LATERAL (
            VALUES
            (1, segments.clv_1m, segments.variance_1m),
            (3, segments.clv_3m, segments.variance_3m),
            (6, segments.clv_6m, segments.variance_6m),
            (12, segments.clv_12m, segments.variance_12m)
        ) AS horizon (months, net_value, variance)
        CROSS JOIN closed
        LEFT JOIN clv.run_level AS level ON closed.run_id = level.run_id AND horizon.months = level.horizon_months
        CROSS JOIN LATERAL clv.total_ends(
            horizon.net_value, horizon.variance, level.variance, level.quantile
        ) AS ends
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
            p_load_id AS load_id,
            closed.as_of,
            closed.run_id,
            totals.lowest_model_version,
            totals.forecast_rows,
            totals.clv_12m_total,
            totals.money_totals,
            totals.content_hash,
            p_lake_fingerprint AS lake_fingerprint
        FROM totals
        CROSS JOIN closed
        WHERE totals.forecast_rows > 0
    )

    SELECT
        totals.*,
        run.model_version AS run_model_version
    FROM totals
    CROSS JOIN closed
    INNER JOIN clv.run ON closed.run_id = run.run_id;
$$;

CREATE OR REPLACE VIEW clv.forecast AS
SELECT
    published.as_of,
    forecast_rows.customer_id,
    forecast_rows.clv_1m,
    forecast_rows.clv_3m,
    forecast_rows.clv_6m,
    forecast_rows.clv_12m,
    forecast_rows.clv_12m_p10,
    forecast_rows.clv_12m_p90,
    forecast_rows.p_active_12m,
    forecast_rows.month_01,
    forecast_rows.month_02,
    forecast_rows.month_03,
    forecast_rows.month_04,
    forecast_rows.month_05,
    forecast_rows.month_06,
    forecast_rows.month_07,
    forecast_rows.month_08,
    forecast_rows.month_09,
    forecast_rows.month_10,
    forecast_rows.month_11,
    forecast_rows.month_12,
    forecast_rows.status,
    forecast_rows.method,
    forecast_rows.model_version,
    published.run_id,
    forecast_rows.reason_1,
    forecast_rows.reason_2,
    forecast_rows.reason_3,
    to_char((published.as_of - 1)::timestamp, 'YYYY-MM') AS data_month,
    forecast_rows.p_active_1m,
    forecast_rows.p_active_3m,
    forecast_rows.p_active_6m,
    forecast_rows.variance_1m,
    forecast_rows.variance_3m,
    forecast_rows.variance_6m,
    forecast_rows.variance_12m
FROM clv.published
INNER JOIN clv.forecast_rows ON published.load_id = forecast_rows.load_id;

CREATE OR REPLACE VIEW clv.forecast_current AS
SELECT
    as_of,
    customer_id,
    clv_1m,
    clv_3m,
    clv_6m,
    clv_12m,
    clv_12m_p10,
    clv_12m_p90,
    p_active_12m,
    month_01,
    month_02,
    month_03,
    month_04,
    month_05,
    month_06,
    month_07,
    month_08,
    month_09,
    month_10,
    month_11,
    month_12,
    status,
    method,
    model_version,
    run_id,
    reason_1,
    reason_2,
    reason_3,
    data_month,
    p_active_1m,
    p_active_3m,
    p_active_6m,
    variance_1m,
    variance_3m,
    variance_6m,
    variance_12m
FROM clv.forecast
WHERE as_of = (SELECT max(published.as_of) FROM clv.published);

COMMENT ON COLUMN clv.forecast.p_active_1m IS 'Probability of at least one order in the first forecast month';
COMMENT ON COLUMN clv.forecast.p_active_3m IS 'Probability of at least one order in the first three forecast months';
COMMENT ON COLUMN clv.forecast.p_active_6m IS 'Probability of at least one order in the first six forecast months';
COMMENT ON COLUMN clv.forecast.variance_1m IS
'Variance of clv_1m, without the error of level that all customers share: '
'add it up over customers for clv.total_interval';
COMMENT ON COLUMN clv.forecast.variance_3m IS
'Variance of clv_3m, without the error of level that all customers share: '
'add it up over customers for clv.total_interval';
COMMENT ON COLUMN clv.forecast.variance_6m IS
'Variance of clv_6m, without the error of level that all customers share: '
'add it up over customers for clv.total_interval';
COMMENT ON COLUMN clv.forecast.variance_12m IS
'Variance of clv_12m, without the error of level that all customers share: '
'add it up over customers for clv.total_interval';
COMMENT ON COLUMN clv.forecast_current.p_active_1m IS 'Probability of at least one order in the first forecast month';
COMMENT ON COLUMN clv.forecast_current.p_active_3m IS
'Probability of at least one order in the first three forecast months';
COMMENT ON COLUMN clv.forecast_current.p_active_6m IS
'Probability of at least one order in the first six forecast months';
COMMENT ON COLUMN clv.forecast_current.variance_1m IS
'Variance of clv_1m, without the error of level that all customers share: '
'add it up over customers for clv.total_interval';
COMMENT ON COLUMN clv.forecast_current.variance_3m IS
'Variance of clv_3m, without the error of level that all customers share: '
'add it up over customers for clv.total_interval';
COMMENT ON COLUMN clv.forecast_current.variance_6m IS
'Variance of clv_6m, without the error of level that all customers share: '
'add it up over customers for clv.total_interval';
COMMENT ON COLUMN clv.forecast_current.variance_12m IS
'Variance of clv_12m, without the error of level that all customers share: '
'add it up over customers for clv.total_interval';

CREATE VIEW clv.forecast_total AS
SELECT
    to_char((published.as_of - 1)::timestamp, 'YYYY-MM') AS data_month,
    published.as_of,
    totals.horizon_months,
    totals.segment_by,
    totals.segment,
    totals.customers,
    totals.net_value,
    totals.p10,
    totals.p90,
    run.currency,
    published.run_id
FROM clv.published
INNER JOIN clv.run ON published.run_id = run.run_id
INNER JOIN clv.total_rows AS totals ON published.load_id = totals.load_id;

COMMENT ON VIEW clv.forecast_total IS
'Published totals with their intervals: one row per month (as_of), horizon and segment. For other segments see '
'clv.total_interval';
COMMENT ON COLUMN clv.forecast_total.data_month IS 'The data month, YYYY-MM: the month before as_of';
COMMENT ON COLUMN clv.forecast_total.as_of IS 'First day after the data month: the forecast starts on it';
COMMENT ON COLUMN clv.forecast_total.horizon_months IS
'How many forecast months are added up, from the first on: 1, 3, 6 or 12';
COMMENT ON COLUMN clv.forecast_total.segment_by IS 'What the customers are grouped by: all or status';
COMMENT ON COLUMN clv.forecast_total.segment IS 'all, or a status';
COMMENT ON COLUMN clv.forecast_total.customers IS 'Customers in the segment';
COMMENT ON COLUMN clv.forecast_total.net_value IS 'Expected net value of the months, all customers added up';
COMMENT ON COLUMN clv.forecast_total.p10 IS
'Lower end of the 80 % interval of net_value; not the sum of the customers'' ends. Empty for months published before '
'intervals of totals were';
COMMENT ON COLUMN clv.forecast_total.p90 IS 'Upper end of that interval';
COMMENT ON COLUMN clv.forecast_total.currency IS 'ISO 4217 code of all amounts';
COMMENT ON COLUMN clv.forecast_total.run_id IS 'The run that made the forecast';


REVOKE ALL ON FUNCTION
clv.total_ends(numeric, double precision, double precision, double precision),
clv.total_interval(date, integer, numeric, double precision)
FROM public;
GRANT EXECUTE ON FUNCTION clv.total_interval(date, integer, numeric, double precision) TO clv_reader;
GRANT SELECT, INSERT, UPDATE ON clv.run_level TO clv_writer;
GRANT SELECT ON clv.forecast_total TO clv_writer, clv_reader;
