-- New customers of months that are not published yet, forecast from what has been delivered so far.
SET LOCAL ROLE clv_owner;

CREATE TABLE clv.first_month_open (
    as_of date NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    first_ordered_on date NOT NULL,
    completed_on date NOT NULL,
    clv_12m numeric(18, 2) NOT NULL,
    clv_12m_p10 numeric(18, 2) NOT NULL,
    clv_12m_p90 numeric(18, 2) NOT NULL,
    p_active_12m double precision NOT NULL,
    month_01 numeric(18, 2) NOT NULL,
    month_02 numeric(18, 2) NOT NULL,
    month_03 numeric(18, 2) NOT NULL,
    month_04 numeric(18, 2) NOT NULL,
    month_05 numeric(18, 2) NOT NULL,
    month_06 numeric(18, 2) NOT NULL,
    month_07 numeric(18, 2) NOT NULL,
    month_08 numeric(18, 2) NOT NULL,
    month_09 numeric(18, 2) NOT NULL,
    month_10 numeric(18, 2) NOT NULL,
    month_11 numeric(18, 2) NOT NULL,
    month_12 numeric(18, 2) NOT NULL,
    method text NOT NULL,
    model_version bigint NOT NULL,
    reason_1 text,
    reason_2 text,
    reason_3 text,
    read_until date NOT NULL,
    PRIMARY KEY (customer_id),
    CONSTRAINT months_sum_to_clv_12m CHECK (
        month_01 + month_02 + month_03 + month_04 + month_05 + month_06
        + month_07 + month_08 + month_09 + month_10 + month_11 + month_12 = clv_12m
    ),
    CONSTRAINT first_month_open_has_30_days CHECK (completed_on = first_ordered_on + 30),
    CONSTRAINT first_month_open_p10_is_not_above_p90 CHECK (clv_12m_p10 <= clv_12m_p90),
    CONSTRAINT first_month_open_p_active_12m_is_a_probability CHECK (p_active_12m BETWEEN 0 AND 1),
    CONSTRAINT first_month_open_method_is_known CHECK (method IN ('first_month'))
);

COMMENT ON TABLE clv.first_month_open IS
'New customers of months that are not published yet, replaced as a whole each day. Readers see them in clv.first_month';
COMMENT ON COLUMN clv.first_month_open.as_of IS 'First day after the month that holds the day before completed_on';
COMMENT ON COLUMN clv.first_month_open.customer_id IS 'The customer';
COMMENT ON COLUMN clv.first_month_open.first_ordered_on IS 'Day of the first order';
COMMENT ON COLUMN clv.first_month_open.completed_on IS 'Day 30: the first month is over, the forecast starts';
COMMENT ON COLUMN clv.first_month_open.clv_12m IS
'Expected net value in the 365 days from completed_on on: the sum of its months';
COMMENT ON COLUMN clv.first_month_open.clv_12m_p10 IS 'Lower end of the 80 % interval of that value';
COMMENT ON COLUMN clv.first_month_open.clv_12m_p90 IS 'Upper end of the 80 % interval of that value';
COMMENT ON COLUMN clv.first_month_open.p_active_12m IS 'Probability of at least one order in these 365 days';
COMMENT ON COLUMN clv.first_month_open.month_01 IS 'Expected net value in month 1 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month_open.month_02 IS 'Expected net value in month 2 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month_open.month_03 IS 'Expected net value in month 3 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month_open.month_04 IS 'Expected net value in month 4 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month_open.month_05 IS 'Expected net value in month 5 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month_open.month_06 IS 'Expected net value in month 6 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month_open.month_07 IS 'Expected net value in month 7 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month_open.month_08 IS 'Expected net value in month 8 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month_open.month_09 IS 'Expected net value in month 9 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month_open.month_10 IS
'Expected net value in month 10 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month_open.month_11 IS
'Expected net value in month 11 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month_open.month_12 IS
'Expected net value in month 12 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month_open.method IS
'first_month: by the model clv_first_month; standard: the standard forecast of as_of, as that model has too '
'little to learn from';
COMMENT ON COLUMN clv.first_month_open.model_version IS
'Version of the registered model: clv_first_month, or clv if standard';
COMMENT ON COLUMN clv.first_month_open.reason_1 IS
'Strongest reason why clv_12m is higher or lower than the typical new customer''s';
COMMENT ON COLUMN clv.first_month_open.reason_2 IS
'Second (null: no more) reason why clv_12m is higher or lower than the typical new customer''s';
COMMENT ON COLUMN clv.first_month_open.reason_3 IS
'Third (null: no more) reason why clv_12m is higher or lower than the typical new customer''s';
COMMENT ON COLUMN clv.first_month_open.read_until IS
'This day and later ones did not count when it was made: they may not have been over';

CREATE VIEW clv.first_month AS
SELECT
    published.as_of,
    rows.customer_id,
    rows.first_ordered_on,
    rows.completed_on,
    rows.clv_12m,
    rows.clv_12m_p10,
    rows.clv_12m_p90,
    rows.p_active_12m,
    rows.month_01,
    rows.month_02,
    rows.month_03,
    rows.month_04,
    rows.month_05,
    rows.month_06,
    rows.month_07,
    rows.month_08,
    rows.month_09,
    rows.month_10,
    rows.month_11,
    rows.month_12,
    rows.method,
    rows.model_version,
    rows.reason_1,
    rows.reason_2,
    rows.reason_3,
    published.run_id,
    to_char((published.as_of - 1)::timestamp, 'YYYY-MM') AS data_month
FROM clv.published
INNER JOIN clv.first_month_rows AS rows ON published.load_id = rows.load_id
UNION ALL
SELECT
    opened.as_of,
    opened.customer_id,
    opened.first_ordered_on,
    opened.completed_on,
    opened.clv_12m,
    opened.clv_12m_p10,
    opened.clv_12m_p90,
    opened.p_active_12m,
    opened.month_01,
    opened.month_02,
    opened.month_03,
    opened.month_04,
    opened.month_05,
    opened.month_06,
    opened.month_07,
    opened.month_08,
    opened.month_09,
    opened.month_10,
    opened.month_11,
    opened.month_12,
    opened.method,
    opened.model_version,
    opened.reason_1,
    opened.reason_2,
    opened.reason_3,
    NULL AS run_id,
    to_char((opened.as_of - 1)::timestamp, 'YYYY-MM') AS data_month
FROM clv.first_month_open AS opened
WHERE opened.as_of > coalesce((SELECT max(later.as_of) FROM clv.published AS later), '-infinity');

COMMENT ON VIEW clv.first_month IS
'Twelve-month forecast of every customer made when the first month (30 days) was over: one row per customer, in the '
'data month that holds the last of these days. Its months are 30 or 31 days long and carry no season';
COMMENT ON COLUMN clv.first_month.as_of IS 'First day after the data month, which holds the day before completed_on';
COMMENT ON COLUMN clv.first_month.customer_id IS 'The customer';
COMMENT ON COLUMN clv.first_month.first_ordered_on IS 'Day of the first order';
COMMENT ON COLUMN clv.first_month.completed_on IS 'Day 30: the first month is over, the forecast starts';
COMMENT ON COLUMN clv.first_month.clv_12m IS
'Expected net value in the 365 days from completed_on on: the sum of its months';
COMMENT ON COLUMN clv.first_month.clv_12m_p10 IS 'Lower end of the 80 % interval of that value';
COMMENT ON COLUMN clv.first_month.clv_12m_p90 IS 'Upper end of the 80 % interval of that value';
COMMENT ON COLUMN clv.first_month.p_active_12m IS 'Probability of at least one order in these 365 days';
COMMENT ON COLUMN clv.first_month.month_01 IS 'Expected net value in month 1 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month.month_02 IS 'Expected net value in month 2 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month.month_03 IS 'Expected net value in month 3 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month.month_04 IS 'Expected net value in month 4 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month.month_05 IS 'Expected net value in month 5 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month.month_06 IS 'Expected net value in month 6 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month.month_07 IS 'Expected net value in month 7 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month.month_08 IS 'Expected net value in month 8 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month.month_09 IS 'Expected net value in month 9 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month.month_10 IS 'Expected net value in month 10 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month.month_11 IS 'Expected net value in month 11 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month.month_12 IS 'Expected net value in month 12 from completed_on on (30 or 31 days)';
COMMENT ON COLUMN clv.first_month.method IS
'first_month: by the model clv_first_month; standard: the standard forecast of as_of, as that model has too '
'little to learn from';
COMMENT ON COLUMN clv.first_month.model_version IS
'Version of the registered model: clv_first_month, or clv if standard';
COMMENT ON COLUMN clv.first_month.reason_1 IS
'Strongest reason why clv_12m is higher or lower than the typical new customer''s';
COMMENT ON COLUMN clv.first_month.reason_2 IS
'Second (null: no more) reason why clv_12m is higher or lower than the typical new customer''s';
COMMENT ON COLUMN clv.first_month.reason_3 IS
'Third (null: no more) reason why clv_12m is higher or lower than the typical new customer''s';
COMMENT ON COLUMN clv.first_month.run_id IS
'The run that made the forecast; empty while the month is not published: clv_first_month made it from what had been '
'delivered, and the month''s run takes its place';
COMMENT ON COLUMN clv.first_month.data_month IS 'The data month, YYYY-MM: the month before as_of';

CREATE FUNCTION clv.clear_first_month_open(p_read_until date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    held date;
BEGIN
    -- One job at a time; readers are not blocked.
    LOCK TABLE clv.first_month_open IN SHARE ROW EXCLUSIVE MODE;
    SELECT max(read_until) INTO held FROM clv.first_month_open;
    IF held > p_read_until THEN
        RAISE EXCEPTION 'the new customers of open months were read until %, these only until %: nothing was changed',
            held, p_read_until;
    END IF;
    DELETE FROM clv.first_month_open;
END
$$;

COMMENT ON FUNCTION clv.clear_first_month_open(date) IS
'Remove the new customers of open months, so that the transaction can load those that were read until a day, which '
'may not be an earlier one';

REVOKE ALL ON FUNCTION clv.clear_first_month_open(date) FROM public;
GRANT EXECUTE ON FUNCTION clv.clear_first_month_open(date) TO clv_writer;
GRANT SELECT, INSERT ON clv.first_month_open TO clv_writer;
GRANT SELECT ON clv.first_month TO clv_writer, clv_reader;
