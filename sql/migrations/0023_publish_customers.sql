-- Who the customers are, their tiers, and totals by what they have in common: of whole horizons and of single months.
SET LOCAL ROLE clv_owner;

CREATE TABLE clv.customer_rows (
    load_id bigint NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    city text,
    country text,
    membership text,
    signup_on date,
    first_ordered_on date,
    last_ordered_on date,
    orders_lifetime bigint NOT NULL,
    net_value_lifetime numeric(18, 4) NOT NULL,
    net_value_12m numeric(18, 4) NOT NULL,
    main_department text,
    tier smallint NOT NULL,
    tier_before smallint,
    status text NOT NULL,
    clv_12m numeric(18, 2) NOT NULL,
    p_active_1m double precision NOT NULL,
    p_active_3m double precision NOT NULL,
    p_active_6m double precision NOT NULL,
    p_active_12m double precision NOT NULL,
    PRIMARY KEY (load_id, customer_id)
);

COMMENT ON TABLE clv.customer_rows IS 'One row per load and customer. Readers see the published ones in clv.customer';
COMMENT ON COLUMN clv.customer_rows.load_id IS 'The load the row belongs to';
COMMENT ON COLUMN clv.customer_rows.customer_id IS 'The customer';
COMMENT ON COLUMN clv.customer_rows.city IS 'City of the account';
COMMENT ON COLUMN clv.customer_rows.country IS 'Country of the account';
COMMENT ON COLUMN clv.customer_rows.membership IS 'none, monthly or annual';
COMMENT ON COLUMN clv.customer_rows.signup_on IS 'Day the account was opened, where the shop tells it';
COMMENT ON COLUMN clv.customer_rows.first_ordered_on IS 'Day of the first order; empty if the customer never ordered';
COMMENT ON COLUMN clv.customer_rows.last_ordered_on IS 'Day of the last order; empty if the customer never ordered';
COMMENT ON COLUMN clv.customer_rows.orders_lifetime IS 'Orders up to the data month';
COMMENT ON COLUMN clv.customer_rows.net_value_lifetime IS 'Net value up to the data month';
COMMENT ON COLUMN clv.customer_rows.net_value_12m IS 'Net value of the twelve calendar months up to the data month';
COMMENT ON COLUMN clv.customer_rows.main_department IS
'The department that brought most of the customer''s net value in the 365 days before as_of: a declared '
'one, or other';
COMMENT ON COLUMN clv.customer_rows.tier IS
'Value tier, 1 is the highest: the boundaries are the mapping''s; a customer near one keeps the tier of '
'the month before';
COMMENT ON COLUMN clv.customer_rows.tier_before IS
'Tier of the month before, as published; empty where there was none';
COMMENT ON COLUMN clv.customer_rows.status IS
'As in clv.forecast_rows: a second copy, so that a view need not join a million rows';
COMMENT ON COLUMN clv.customer_rows.clv_12m IS 'As in clv.forecast_rows';
COMMENT ON COLUMN clv.customer_rows.p_active_1m IS 'As in clv.forecast_rows';
COMMENT ON COLUMN clv.customer_rows.p_active_3m IS 'As in clv.forecast_rows';
COMMENT ON COLUMN clv.customer_rows.p_active_6m IS 'As in clv.forecast_rows';
COMMENT ON COLUMN clv.customer_rows.p_active_12m IS 'As in clv.forecast_rows';

CREATE TRIGGER refuse_rows_of_closed_loads AFTER INSERT ON clv.customer_rows
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION clv.refuse_rows_of_closed_loads();

CREATE VIEW clv.customer AS
SELECT
    to_char((published.as_of - 1)::timestamp, 'YYYY-MM') AS data_month,
    published.as_of,
    known.customer_id,
    known.status,
    known.tier,
    known.tier_before,
    known.city,
    known.country,
    known.membership,
    known.main_department,
    known.signup_on,
    known.first_ordered_on,
    known.last_ordered_on,
    to_char(known.first_ordered_on::timestamp, 'YYYY-MM') AS acquisition_month,
    published.as_of - known.first_ordered_on AS tenure_days,
    known.orders_lifetime,
    known.net_value_lifetime,
    known.net_value_12m,
    known.clv_12m,
    known.clv_12m / nullif(known.p_active_12m, 0)::numeric AS clv_12m_if_active,
    known.p_active_1m,
    known.p_active_3m,
    known.p_active_6m,
    known.p_active_12m,
    run.currency,
    published.run_id
FROM clv.published
INNER JOIN clv.run ON published.run_id = run.run_id
INNER JOIN clv.customer_rows AS known ON published.load_id = known.load_id;

COMMENT ON VIEW clv.customer IS
'Who the customers are, what they brought and what they are expected to bring: one row per month (as_of) '
'and customer';
COMMENT ON COLUMN clv.customer.data_month IS 'The data month, YYYY-MM: the month before as_of';
COMMENT ON COLUMN clv.customer.as_of IS 'First day after the data month: the forecast starts on it';
COMMENT ON COLUMN clv.customer.customer_id IS 'The customer';
COMMENT ON COLUMN clv.customer.status IS
'new, active, lapsing, dormant or never_bought: how the customer stands at as_of';
COMMENT ON COLUMN clv.customer.tier IS
'Value tier, 1 is the highest: the boundaries are the mapping''s; a customer near one keeps the tier of '
'the month before';
COMMENT ON COLUMN clv.customer.tier_before IS 'Tier of the month before, as published; empty where there was none';
COMMENT ON COLUMN clv.customer.city IS 'City of the account';
COMMENT ON COLUMN clv.customer.country IS 'Country of the account';
COMMENT ON COLUMN clv.customer.membership IS 'none, monthly or annual';
COMMENT ON COLUMN clv.customer.main_department IS
'The department that brought most of the customer''s net value in the 365 days before as_of: a declared '
'one, or other';
COMMENT ON COLUMN clv.customer.signup_on IS 'Day the account was opened, where the shop tells it';
COMMENT ON COLUMN clv.customer.first_ordered_on IS 'Day of the first order; empty if the customer never ordered';
COMMENT ON COLUMN clv.customer.last_ordered_on IS 'Day of the last order; empty if the customer never ordered';
COMMENT ON COLUMN clv.customer.acquisition_month IS 'Month of the first order, YYYY-MM';
COMMENT ON COLUMN clv.customer.tenure_days IS
'Days from the first order to as_of; empty if the customer never ordered';
COMMENT ON COLUMN clv.customer.orders_lifetime IS 'Orders up to the data month';
COMMENT ON COLUMN clv.customer.net_value_lifetime IS 'Net value up to the data month';
COMMENT ON COLUMN clv.customer.net_value_12m IS 'Net value of the twelve calendar months up to the data month';
COMMENT ON COLUMN clv.customer.clv_12m IS 'Expected net value in the twelve forecast months';
COMMENT ON COLUMN clv.customer.clv_12m_if_active IS
'Expected net value in the twelve forecast months, given at least one order in them';
COMMENT ON COLUMN clv.customer.p_active_1m IS 'Probability of at least one order in the first forecast month';
COMMENT ON COLUMN clv.customer.p_active_3m IS 'Probability of at least one order in the first three forecast months';
COMMENT ON COLUMN clv.customer.p_active_6m IS 'Probability of at least one order in the first six forecast months';
COMMENT ON COLUMN clv.customer.p_active_12m IS 'Probability of at least one order in the twelve forecast months';
COMMENT ON COLUMN clv.customer.currency IS 'ISO 4217 code of all amounts';
COMMENT ON COLUMN clv.customer.run_id IS 'The run that made the forecast';

CREATE VIEW clv.customer_current AS
SELECT
    data_month,
    as_of,
    customer_id,
    status,
    tier,
    tier_before,
    city,
    country,
    membership,
    main_department,
    signup_on,
    first_ordered_on,
    last_ordered_on,
    acquisition_month,
    tenure_days,
    orders_lifetime,
    net_value_lifetime,
    net_value_12m,
    clv_12m,
    clv_12m_if_active,
    p_active_1m,
    p_active_3m,
    p_active_6m,
    p_active_12m,
    currency,
    run_id
FROM clv.customer
WHERE as_of = (SELECT max(published.as_of) FROM clv.published);

COMMENT ON VIEW clv.customer_current IS
'Who the customers are, what they brought and what they are expected to bring: the newest '
'published month, one row per customer';
COMMENT ON COLUMN clv.customer_current.data_month IS 'The data month, YYYY-MM: the month before as_of';
COMMENT ON COLUMN clv.customer_current.as_of IS 'First day after the data month: the forecast starts on it';
COMMENT ON COLUMN clv.customer_current.customer_id IS 'The customer';
COMMENT ON COLUMN clv.customer_current.status IS
'new, active, lapsing, dormant or never_bought: how the customer stands at as_of';
COMMENT ON COLUMN clv.customer_current.tier IS
'Value tier, 1 is the highest: the boundaries are the mapping''s; a customer near one keeps the tier of '
'the month before';
COMMENT ON COLUMN clv.customer_current.tier_before IS
'Tier of the month before, as published; empty where there was none';
COMMENT ON COLUMN clv.customer_current.city IS 'City of the account';
COMMENT ON COLUMN clv.customer_current.country IS 'Country of the account';
COMMENT ON COLUMN clv.customer_current.membership IS 'none, monthly or annual';
COMMENT ON COLUMN clv.customer_current.main_department IS
'The department that brought most of the customer''s net value in the 365 days before as_of: a declared '
'one, or other';
COMMENT ON COLUMN clv.customer_current.signup_on IS 'Day the account was opened, where the shop tells it';
COMMENT ON COLUMN clv.customer_current.first_ordered_on IS
'Day of the first order; empty if the customer never ordered';
COMMENT ON COLUMN clv.customer_current.last_ordered_on IS 'Day of the last order; empty if the customer never ordered';
COMMENT ON COLUMN clv.customer_current.acquisition_month IS 'Month of the first order, YYYY-MM';
COMMENT ON COLUMN clv.customer_current.tenure_days IS
'Days from the first order to as_of; empty if the customer never ordered';
COMMENT ON COLUMN clv.customer_current.orders_lifetime IS 'Orders up to the data month';
COMMENT ON COLUMN clv.customer_current.net_value_lifetime IS 'Net value up to the data month';
COMMENT ON COLUMN clv.customer_current.net_value_12m IS 'Net value of the twelve calendar months up to the data month';
COMMENT ON COLUMN clv.customer_current.clv_12m IS 'Expected net value in the twelve forecast months';
COMMENT ON COLUMN clv.customer_current.clv_12m_if_active IS
'Expected net value in the twelve forecast months, given at least one order in them';
COMMENT ON COLUMN clv.customer_current.p_active_1m IS 'Probability of at least one order in the first forecast month';
COMMENT ON COLUMN clv.customer_current.p_active_3m IS
'Probability of at least one order in the first three forecast months';
COMMENT ON COLUMN clv.customer_current.p_active_6m IS
'Probability of at least one order in the first six forecast months';
COMMENT ON COLUMN clv.customer_current.p_active_12m IS
'Probability of at least one order in the twelve forecast months';
COMMENT ON COLUMN clv.customer_current.currency IS 'ISO 4217 code of all amounts';
COMMENT ON COLUMN clv.customer_current.run_id IS 'The run that made the forecast';

CREATE TABLE clv.total_month_rows (
    load_id bigint NOT NULL,
    month_ahead smallint NOT NULL,
    segment_by text NOT NULL,
    segment text NOT NULL,
    customers bigint NOT NULL,
    net_value numeric NOT NULL,
    p10 numeric,
    p90 numeric,
    PRIMARY KEY (load_id, month_ahead, segment_by, segment)
);

COMMENT ON TABLE clv.total_month_rows IS
'One row per load, forecast month and segment. Readers see the published ones in clv.forecast_total_monthly';
COMMENT ON COLUMN clv.total_month_rows.load_id IS 'The load that was added up';
COMMENT ON COLUMN clv.total_month_rows.month_ahead IS 'Number of the forecast month: 1 starts on as_of';
COMMENT ON COLUMN clv.total_month_rows.segment_by IS
'What the customers are grouped by: all, status, tier, country, membership or main_department';
COMMENT ON COLUMN clv.total_month_rows.segment IS
'all, or the status, tier and so on; unknown where a customer has none';
COMMENT ON COLUMN clv.total_month_rows.customers IS 'Customers in the segment';
COMMENT ON COLUMN clv.total_month_rows.net_value IS 'Expected net value of the month, all customers added up';
COMMENT ON COLUMN clv.total_month_rows.p10 IS 'Lower end of the 80 % interval of net_value';
COMMENT ON COLUMN clv.total_month_rows.p90 IS 'Upper end of the 80 % interval of net_value';

CREATE VIEW clv.forecast_total_monthly AS
SELECT
    to_char((published.as_of - 1)::timestamp, 'YYYY-MM') AS data_month,
    published.as_of,
    (published.as_of + (totals.month_ahead - 1) * interval '1 month')::date AS month,
    totals.month_ahead,
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
INNER JOIN clv.total_month_rows AS totals ON published.load_id = totals.load_id;

COMMENT ON VIEW clv.forecast_total_monthly IS
'Published totals of each forecast month with their intervals: one row per month (as_of), forecast month and segment';
COMMENT ON COLUMN clv.forecast_total_monthly.data_month IS 'The data month, YYYY-MM: the month before as_of';
COMMENT ON COLUMN clv.forecast_total_monthly.as_of IS 'First day after the data month: the forecast starts on it';
COMMENT ON COLUMN clv.forecast_total_monthly.month IS 'First day of the forecast month';
COMMENT ON COLUMN clv.forecast_total_monthly.month_ahead IS 'Number of the forecast month: 1 starts on as_of';
COMMENT ON COLUMN clv.forecast_total_monthly.segment_by IS
'What the customers are grouped by: all, status, tier, country, membership or main_department';
COMMENT ON COLUMN clv.forecast_total_monthly.segment IS
'all, or the status, tier and so on; unknown where a customer has none';
COMMENT ON COLUMN clv.forecast_total_monthly.customers IS 'Customers in the segment';
COMMENT ON COLUMN clv.forecast_total_monthly.net_value IS 'Expected net value of the month, all customers added up';
COMMENT ON COLUMN clv.forecast_total_monthly.p10 IS
'Lower end of the 80 % interval of net_value: its level is as uncertain as that of the twelve months';
COMMENT ON COLUMN clv.forecast_total_monthly.p90 IS 'Upper end of that interval';
COMMENT ON COLUMN clv.forecast_total_monthly.currency IS 'ISO 4217 code of all amounts';
COMMENT ON COLUMN clv.forecast_total_monthly.run_id IS 'The run that made the forecast';

COMMENT ON COLUMN clv.total_rows.segment_by IS
'What the customers are grouped by: all, status, tier, country, membership or main_department';
COMMENT ON COLUMN clv.total_rows.segment IS 'all, or the status, tier and so on; unknown where a customer has none';
COMMENT ON COLUMN clv.forecast_total.segment_by IS
'What the customers are grouped by: all, status, tier, country, membership or main_department';
COMMENT ON COLUMN clv.forecast_total.segment IS
'all, or the status, tier and so on; unknown where a customer has none';
COMMENT ON COLUMN clv.accuracy_rows.segment_by IS 'What the customers are grouped by: all, status, tier or decile';
COMMENT ON COLUMN clv.accuracy_rows.segment IS
'all, a status, a tier, or a decile of the forecast over this horizon: 01 holds the highest';
COMMENT ON COLUMN clv.accuracy.segment_by IS 'What the customers are grouped by: all, status, tier or decile';
COMMENT ON COLUMN clv.accuracy.segment IS
'all, a status, a tier, or a decile of the forecast over this horizon: 01 holds the highest';

CREATE FUNCTION clv.record_totals(p_load_id bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    -- First by all that customers have in common, which are few rows, then by one thing at a time.
    WITH alike AS (
        SELECT
            known.status,
            known.tier::text AS tier,
            known.country,
            known.membership,
            known.main_department,
            count(*) AS customers,
            sum(made.variance_1m) AS variance_1m,
            sum(made.variance_3m) AS variance_3m,
            sum(made.variance_6m) AS variance_6m,
            sum(made.variance_12m) AS variance_12m,
            sum(made.month_01) AS month_01,
            sum(made.month_02) AS month_02,
            sum(made.month_03) AS month_03,
            sum(made.month_04) AS month_04,
            sum(made.month_05) AS month_05,
            sum(made.month_06) AS month_06,
            sum(made.month_07) AS month_07,
            sum(made.month_08) AS month_08,
            sum(made.month_09) AS month_09,
            sum(made.month_10) AS month_10,
            sum(made.month_11) AS month_11,
            sum(made.month_12) AS month_12
        FROM clv.forecast_rows AS made
        INNER JOIN clv.open_load AS opened
            ON made.load_id = opened.load_id AND opened.transaction_id = pg_current_xact_id()
        INNER JOIN clv.customer_rows AS known ON made.load_id = known.load_id AND made.customer_id = known.customer_id
        WHERE made.load_id = p_load_id
        GROUP BY known.status, known.tier, known.country, known.membership, known.main_department
    ),

    grouped AS (
        SELECT
            CASE grouping(status, tier, country, membership, main_department)
                WHEN 31 THEN 'all'
                WHEN 15 THEN 'status'
                WHEN 23 THEN 'tier'
                WHEN 27 THEN 'country'
                WHEN 29 THEN 'membership'
                ELSE 'main_department'
            END AS segment_by,
            coalesce(status, tier, country, membership, main_department) AS segment,
            sum(customers) AS customers,
            sum(variance_1m) AS variance_1m,
            sum(variance_3m) AS variance_3m,
            sum(variance_6m) AS variance_6m,
            sum(variance_12m) AS variance_12m,
            sum(month_01) AS month_01,
            sum(month_02) AS month_02,
            sum(month_03) AS month_03,
            sum(month_04) AS month_04,
            sum(month_05) AS month_05,
            sum(month_06) AS month_06,
            sum(month_07) AS month_07,
            sum(month_08) AS month_08,
            sum(month_09) AS month_09,
            sum(month_10) AS month_10,
            sum(month_11) AS month_11,
            sum(month_12) AS month_12
        FROM alike
        GROUP BY GROUPING SETS ((), (status), (tier), (country), (membership), (main_department))
        HAVING count(*) > 0
    ),

    -- What no customer has is not a segment.
    segments AS (
        SELECT
            grouped.*,
            CASE
                WHEN grouped.segment_by = 'all' THEN 'all'
                ELSE coalesce(grouped.segment, 'unknown')
            END AS named
        FROM grouped
        WHERE
            grouped.segment IS NOT NULL
            OR grouped.segment_by = 'all'
            OR grouped.customers < (SELECT every.customers FROM grouped AS every WHERE every.segment_by = 'all')
    ),

    levels AS (
        SELECT level.*
        FROM clv.open_load AS opened
        INNER JOIN clv.run_level AS level ON opened.run_id = level.run_id
        WHERE opened.load_id = p_load_id
    ),

    months AS (
        INSERT INTO clv.total_month_rows (
            load_id, month_ahead, segment_by, segment, customers, net_value, p10, p90
        )
        SELECT
            p_load_id AS load_id,
            month.ahead AS month_ahead,
            segments.segment_by,
            segments.named,
            segments.customers,
            month.net_value,
            ends.p10,
            ends.p90
        FROM segments
        CROSS JOIN LATERAL (
            VALUES
            (1, segments.month_01),
            (2, segments.month_02),
            (3, segments.month_03),
            (4, segments.month_04),
            (5, segments.month_05),
            (6, segments.month_06),
            (7, segments.month_07),
            (8, segments.month_08),
            (9, segments.month_09),
            (10, segments.month_10),
            (11, segments.month_11),
            (12, segments.month_12)
        ) AS month (ahead, net_value)
        CROSS JOIN LATERAL (
            SELECT coalesce((month.net_value / nullif(segments.month_01, 0))::double precision, 1) AS to_first
        ) AS ratio
        LEFT JOIN levels ON levels.horizon_months = 12
        -- The variance of rare orders grows with the month's value, that of certain ones with its square.
        CROSS JOIN LATERAL clv.total_ends(
            month.net_value,
            segments.variance_1m * greatest(ratio.to_first, ratio.to_first ^ 2),
            levels.variance,
            levels.quantile
        ) AS ends
    )

    INSERT INTO clv.total_rows (
        load_id, horizon_months, segment_by, segment, customers, net_value, variance, p10, p90
    )
    SELECT
        p_load_id AS load_id,
        horizon.months AS horizon_months,
        segments.segment_by,
        segments.named,
        segments.customers,
        horizon.net_value,
        horizon.variance,
        ends.p10,
        ends.p90
    FROM segments
    CROSS JOIN LATERAL (
        VALUES
        (1, segments.month_01, segments.variance_1m),
        (3, segments.month_01 + segments.month_02 + segments.month_03, segments.variance_3m),
        (
            6,
            segments.month_01 + segments.month_02 + segments.month_03
            + segments.month_04 + segments.month_05 + segments.month_06,
            segments.variance_6m
        ),
        (
            12,
            segments.month_01 + segments.month_02 + segments.month_03
            + segments.month_04 + segments.month_05 + segments.month_06
            + segments.month_07 + segments.month_08 + segments.month_09
            + segments.month_10 + segments.month_11 + segments.month_12,
            segments.variance_12m
        )
    ) AS horizon (months, net_value, variance)
    LEFT JOIN levels ON horizon.months = levels.horizon_months
    CROSS JOIN LATERAL clv.total_ends(
        horizon.net_value, horizon.variance, levels.variance, levels.quantile
    ) AS ends;
$$;

COMMENT ON FUNCTION clv.record_totals(bigint) IS
'Add up an open load by segments, for whole horizons and for single months';

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

REVOKE ALL ON FUNCTION clv.record_totals(bigint) FROM public;
GRANT EXECUTE ON FUNCTION clv.record_totals(bigint) TO clv_writer;
GRANT SELECT, INSERT ON clv.customer_rows TO clv_writer;
GRANT SELECT ON clv.customer, clv.customer_current, clv.forecast_total_monthly TO clv_writer, clv_reader;
