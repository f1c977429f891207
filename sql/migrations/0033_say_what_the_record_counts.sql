-- Comments that analysts took for something else than the columns hold.
SET LOCAL ROLE clv_owner;

DO $$
DECLARE
    said record;
BEGIN
    FOR said IN
        SELECT
            unnest(texts.relations) AS relation,
            texts.name,
            texts.meaning
        FROM (
            VALUES
            (
                ARRAY['accuracy_rows', 'accuracy', 'margin_accuracy'],
                'candidate',
                'forecast: the published one; trailing_year: the mean month of the customer''s last twelve, times the months. '
                'Of a shop with fewer months, the mean of those'
            ),
            (
                ARRAY['bridge', 'margin_bridge'],
                'step',
                'start and end: the published totals. restatement: data of earlier months that the shop corrected, and '
                'customers who are gone. model: what the new version says of last month''s customers, less what the old one '
                'said. restatement_and_model: both in one, where the old version is gone. months_rolling_off: the month that '
                'is over, as the new version forecasts it. The eleven months that both forecasts cover change by '
                'new_customers (not known before), first_orders, reactivated (a better status), lapsed (a worse one, dormant '
                'after lapsing, too), and behaviour (everybody else). months_rolling_on: the new twelfth month'
            ),
            (
                ARRAY['customer_rows', 'customer', 'customer_current'],
                'net_value_12m',
                'Net value of the twelve calendar months up to the data month; of a shop with fewer months, of those'
            ),
            (
                ARRAY['margin_customer', 'margin_customer_current'],
                'net_value_12m',
                'Margin of the twelve calendar months up to the data month; of a shop with fewer months, of those'
            ),
            (
                ARRAY['customer', 'customer_current', 'margin_customer', 'margin_customer_current'],
                'acquisition_month',
                'Month of the first order that was delivered, YYYY-MM: in the shop''s first month, or earlier'
            ),
            (
                ARRAY['forecast_total', 'margin_forecast_total'],
                'p10',
                'Lower end of the 80 % interval of net_value; not the sum of the customers'' ends. All segments share the '
                'error of level of the whole shop. Empty for months published before intervals of totals were'
            ),
            (
                ARRAY['margin_actual'],
                'net_value',
                'Margin of the month, returns subtracted'
            ),
            (
                ARRAY['margin_customer', 'margin_customer_current'],
                'tier',
                'Value tier by margin, 1 is the highest: not that of clv.customer. The boundaries are the mapping''s; a '
                'customer near one keeps the tier of the month before'
            ),
            (
                ARRAY['margin_customer', 'margin_customer_current'],
                'main_department',
                'The department that brought most margin in the 365 days before as_of: not that of clv.customer. A declared one, or '
                'other'
            ),
            (
                ARRAY['margin_customer', 'margin_customer_current'],
                'net_value_lifetime',
                'Margin up to the data month'
            ),
            (
                ARRAY['margin_accuracy'],
                'actual_total',
                'Margin that they brought'
            ),
            (
                ARRAY['margin_accuracy'],
                'forecast_total',
                'Margin that was forecast'
            ),
            (
                ARRAY['drift_rows', 'drift', 'margin_drift'],
                'first_as_of',
                'as_of of the first month of the reference; forecasts and mix are compared with published months alone'
            )
        ) AS texts (relations, name, meaning)
    LOOP
        EXECUTE format('COMMENT ON COLUMN clv.%I.%I IS %L', said.relation, said.name, said.meaning);
    END LOOP;
END
$$;
