-- The first forecast month is the horizon of one month, so its total has the same interval; it had the level of twelve.
SET LOCAL ROLE clv_owner;

DO $$
DECLARE
    made text := pg_get_functiondef('clv.record_totals(bigint)'::regprocedure);
    changed text := replace(
        made, 'ON levels.horizon_months = 12', 'ON levels.horizon_months = CASE month.ahead WHEN 1 THEN 1 ELSE 12 END'
    );
BEGIN
    IF changed = made THEN
        RAISE EXCEPTION 'clv.record_totals does not join the levels as it was created to';
    END IF;
    EXECUTE changed;
END
$$;

COMMENT ON COLUMN clv.forecast_total_monthly.p10 IS
'Lower end of the 80 % interval of net_value. The first month is the horizon of one month; the level of a later one is '
'as uncertain as that of the twelve months';
COMMENT ON COLUMN clv.margin_forecast_total_monthly.p10 IS
'Lower end of the 80 % interval of net_value. The first month is the horizon of one month; the level of a later one is '
'as uncertain as that of the twelve months';
