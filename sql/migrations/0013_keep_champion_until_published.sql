-- The champion changes after its month is published, not before, and Postgres holds the hashes of a model's files.
SET LOCAL ROLE clv_owner;

CREATE TABLE clv.model_hash (
    model_name text NOT NULL,
    model_version bigint NOT NULL,
    part text NOT NULL,
    sha256 text NOT NULL,
    registered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (model_name, model_version, part),
    CONSTRAINT sha256_is_one CHECK (sha256 ~ '^[0-9a-f]{64}$')
);

COMMENT ON TABLE clv.model_hash IS
'The hash of each part of a registered version. A version whose files have another hash, or none here, is not loaded';
COMMENT ON COLUMN clv.model_hash.model_name IS 'Name of the registered model in MLflow';
COMMENT ON COLUMN clv.model_hash.model_version IS 'The version';
COMMENT ON COLUMN clv.model_hash.part IS 'forecaster: the model; backtest: its holdout model';
COMMENT ON COLUMN clv.model_hash.sha256 IS 'SHA-256 over the names and contents of the part''s files';
COMMENT ON COLUMN clv.model_hash.registered_at IS 'When the version was registered';

-- What is registered cannot be changed by the role that registers.
GRANT SELECT, INSERT (model_name, model_version, part, sha256) ON clv.model_hash TO clv_writer;

ALTER TABLE clv.model_decision
ADD COLUMN model_name text NOT NULL DEFAULT 'clv',
ADD COLUMN took_effect_at timestamptz;
ALTER TABLE clv.model_decision
ALTER COLUMN model_name DROP DEFAULT,
-- A run that is cleared may train, and judge, another version.
DROP CONSTRAINT model_decision_run_id_key,
ADD CONSTRAINT one_decision_per_run_and_version UNIQUE (run_id, model_version);

-- Until now the champion changed at once.
UPDATE clv.model_decision
SET took_effect_at = decided_at
WHERE champion_after IS DISTINCT FROM champion_before;

COMMENT ON TABLE clv.model_decision IS
'What was decided on a model version: one row per run and version, of which the gate''s first row on a version is its '
'verdict; and one row per champion that was chosen by hand';
COMMENT ON COLUMN clv.model_decision.run_id IS
'The run whose gate decided, or that asked for the champion; empty if the champion was chosen by hand';
COMMENT ON COLUMN clv.model_decision.champion_before IS 'The champion when it was decided; empty where there was none';
COMMENT ON COLUMN clv.model_decision.champion_after IS
'The champion once the run''s forecast is published, or the choice is made; empty where there is none';
COMMENT ON COLUMN clv.model_decision.model_name IS 'Name of the registered model: clv, or that of a margin';
COMMENT ON COLUMN clv.model_decision.took_effect_at IS
'When champion_after became the champion; empty where nothing changed, or nothing was published';

GRANT INSERT (model_name) ON clv.model_decision TO clv_writer;

CREATE OR REPLACE VIEW clv.model_decisions AS
SELECT
    decision_id,
    run_id,
    as_of,
    model_version,
    decision,
    forecast_by,
    champion_before,
    champion_after,
    array_to_string(reasons, E'\n') AS reasons,
    decided_by,
    decided_at,
    model_name,
    took_effect_at
FROM clv.model_decision;

COMMENT ON COLUMN clv.model_decisions.run_id IS
'The run whose gate decided, or that asked for the champion; empty if the champion was chosen by hand';
COMMENT ON COLUMN clv.model_decisions.decision IS
'first: becomes the first champion once its month is published; promoted: replaces the champion then; kept_champion: '
'the champion forecasts; not_promoted: forecasts because there is no champion; backfill: forecasts its old month '
'alone; todays_champion: forecasts because the run asked for the champion, nothing was judged; chosen: made champion '
'by hand';
COMMENT ON COLUMN clv.model_decisions.champion_before IS 'The champion when it was decided; empty where there was none';
COMMENT ON COLUMN clv.model_decisions.champion_after IS
'The champion once the run''s forecast is published, or the choice is made; empty where there is none';
COMMENT ON COLUMN clv.model_decisions.model_name IS 'Name of the registered model: clv, or that of a margin';
COMMENT ON COLUMN clv.model_decisions.took_effect_at IS
'When champion_after became the champion; empty where nothing changed, or nothing was published';

CREATE FUNCTION clv.hold_champion(p_model_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- 1129074226 is 'CLV2' in ASCII.
    PERFORM pg_advisory_xact_lock(1129074226, hashtext(p_model_name));
EXCEPTION WHEN lock_not_available THEN
    RAISE EXCEPTION 'another job has not ended its change of the champion of model %: nothing was changed', p_model_name
    USING HINT = 'Try again when it has.';
END
$$;

COMMENT ON FUNCTION clv.hold_champion(text) IS
'Keep other jobs from reading or changing the champion of a model until the transaction ends';

CREATE FUNCTION clv.record_effect(p_decision_id bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE clv.model_decision
    SET took_effect_at = clock_timestamp()
    WHERE decision_id = p_decision_id AND took_effect_at IS NULL;
$$;

COMMENT ON FUNCTION clv.record_effect(bigint) IS 'Record that a decision''s champion_after is the champion now, once';

REVOKE ALL ON FUNCTION clv.hold_champion(text), clv.record_effect(bigint) FROM public;
GRANT EXECUTE ON FUNCTION clv.hold_champion(text), clv.record_effect(bigint) TO clv_writer;
