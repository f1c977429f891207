-- How far inputs, forecasts and mix of a published month are from the months that its model was trained on.
SET LOCAL ROLE clv_owner;

CREATE TABLE clv.drift_rows (
    load_id bigint NOT NULL REFERENCES clv.forecast_load (load_id),
    kind text NOT NULL,
    name text NOT NULL,
    statistic text NOT NULL,
    value double precision NOT NULL,
    threshold double precision NOT NULL,
    first_as_of date NOT NULL,
    last_as_of date NOT NULL,
    bins text[] NOT NULL,
    reference_shares double precision[] NOT NULL,
    month_shares double precision[] NOT NULL,
    PRIMARY KEY (load_id, kind, name, statistic)
);

COMMENT ON TABLE clv.drift_rows IS
'One row per load, distribution and statistic. Readers see the published ones in clv.drift';
COMMENT ON COLUMN clv.drift_rows.load_id IS 'The load';
COMMENT ON COLUMN clv.drift_rows.kind IS 'input, forecast or mix, as in clv.drift';
COMMENT ON COLUMN clv.drift_rows.name IS 'The column whose distribution is compared';
COMMENT ON COLUMN clv.drift_rows.statistic IS 'psi: population stability index';
COMMENT ON COLUMN clv.drift_rows.value IS 'Value of the statistic';
COMMENT ON COLUMN clv.drift_rows.threshold IS 'Value beyond which the distribution counts as drifted';
COMMENT ON COLUMN clv.drift_rows.first_as_of IS 'as_of of the first month of the reference';
COMMENT ON COLUMN clv.drift_rows.last_as_of IS 'as_of of its last month';
COMMENT ON COLUMN clv.drift_rows.bins IS 'Bins of the distribution';
COMMENT ON COLUMN clv.drift_rows.reference_shares IS 'Share of the reference''s customers in each bin';
COMMENT ON COLUMN clv.drift_rows.month_shares IS 'Share of the month''s customers in each bin';

CREATE VIEW clv.drift AS
SELECT
    to_char((published.as_of - 1)::timestamp, 'YYYY-MM') AS data_month,
    published.as_of,
    measured.kind,
    measured.name,
    measured.statistic,
    measured.value,
    measured.threshold,
    measured.value > measured.threshold AS is_drifted,
    measured.first_as_of,
    measured.last_as_of,
    load.model_version,
    published.run_id
FROM clv.published
INNER JOIN clv.forecast_load AS load ON published.load_id = load.load_id
INNER JOIN clv.drift_rows AS measured ON published.load_id = measured.load_id;

COMMENT ON VIEW clv.drift IS
'How far a published month is from the months that its model was trained on: one row per month (as_of), kind, name and '
'statistic. A warning, no failure';
COMMENT ON COLUMN clv.drift.data_month IS 'The data month, YYYY-MM: the month before as_of';
COMMENT ON COLUMN clv.drift.as_of IS 'First day after the data month: the forecast starts on it';
COMMENT ON COLUMN clv.drift.kind IS
'input: a feature that the model reads. forecast: a column of the forecast. mix: what customers are grouped by';
COMMENT ON COLUMN clv.drift.name IS 'The column whose distribution is compared';
COMMENT ON COLUMN clv.drift.statistic IS
'psi: population stability index, the sum over bins of (share - reference share) * ln(share / reference share); '
'0 for equal distributions';
COMMENT ON COLUMN clv.drift.value IS 'Value of the statistic';
COMMENT ON COLUMN clv.drift.threshold IS 'Value beyond which the distribution counts as drifted';
COMMENT ON COLUMN clv.drift.is_drifted IS 'Whether value is beyond threshold';
COMMENT ON COLUMN clv.drift.first_as_of IS 'as_of of the first month of the reference';
COMMENT ON COLUMN clv.drift.last_as_of IS 'as_of of its last month: up to twelve months that the model was trained on';
COMMENT ON COLUMN clv.drift.model_version IS 'Version of the registered model that made the forecast';
COMMENT ON COLUMN clv.drift.run_id IS 'The run that made the forecast';

CREATE VIEW clv.drift_distribution AS
SELECT
    to_char((published.as_of - 1)::timestamp, 'YYYY-MM') AS data_month,
    published.as_of,
    measured.kind,
    measured.name,
    bin.bin_order,
    bin.bin,
    bin.reference_share,
    bin.share,
    published.run_id
FROM clv.published
INNER JOIN clv.drift_rows AS measured ON published.load_id = measured.load_id
CROSS JOIN
    unnest(measured.bins, measured.reference_shares, measured.month_shares)
    WITH ORDINALITY AS bin (bin, reference_share, share, bin_order)
WHERE measured.statistic = 'psi';

COMMENT ON VIEW clv.drift_distribution IS
'The distributions behind clv.drift: one row per month (as_of), kind, name and bin';
COMMENT ON COLUMN clv.drift_distribution.data_month IS 'The data month, YYYY-MM: the month before as_of';
COMMENT ON COLUMN clv.drift_distribution.as_of IS 'First day after the data month: the forecast starts on it';
COMMENT ON COLUMN clv.drift_distribution.kind IS 'input, forecast or mix, as in clv.drift';
COMMENT ON COLUMN clv.drift_distribution.name IS 'The column whose distribution is compared';
COMMENT ON COLUMN clv.drift_distribution.bin_order IS 'Order of the bins, from 1 on';
COMMENT ON COLUMN clv.drift_distribution.bin IS
'A range between tenths of the reference, a value, other values, or missing';
COMMENT ON COLUMN clv.drift_distribution.reference_share IS 'Share of the reference''s customers in the bin';
COMMENT ON COLUMN clv.drift_distribution.share IS 'Share of the month''s customers in the bin';
COMMENT ON COLUMN clv.drift_distribution.run_id IS 'The run that made the forecast';

CREATE FUNCTION clv.clear_drift(p_load_id bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM clv.drift_rows WHERE load_id = p_load_id;
$$;

COMMENT ON FUNCTION clv.clear_drift(bigint) IS
'Remove the drift of a load, so that the transaction can record it again';

REVOKE ALL ON FUNCTION clv.clear_drift(bigint) FROM public;
GRANT EXECUTE ON FUNCTION clv.clear_drift(bigint) TO clv_writer;
GRANT SELECT, INSERT ON clv.drift_rows TO clv_writer;
GRANT SELECT ON clv.drift, clv.drift_distribution TO clv_writer, clv_reader;
