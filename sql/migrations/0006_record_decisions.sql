-- Decisions on models: what the gate decided in each run and why, and what people decided over its head.
SET LOCAL ROLE clv_owner;

CREATE TABLE clv.model_decision (
    decision_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id bigint UNIQUE REFERENCES clv.run (run_id),
    as_of date NOT NULL,
    model_version bigint NOT NULL,
    decision text NOT NULL,
    forecast_by bigint,
    champion_before bigint,
    champion_after bigint,
    reasons text[] NOT NULL,
    decided_by text NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT the_gate_decides_for_a_run CHECK ((run_id IS NULL) = (forecast_by IS NULL))
);

COMMENT ON TABLE clv.model_decision IS
'What was decided on a model version: one row per run by the gate, one per champion that somebody chose by hand';
COMMENT ON COLUMN clv.model_decision.decision_id IS 'Number of the decision; grows';
COMMENT ON COLUMN clv.model_decision.run_id IS 'The run whose gate decided; empty where somebody chose by hand';
COMMENT ON COLUMN clv.model_decision.as_of IS 'First day after the data month that the version was trained on';
COMMENT ON COLUMN clv.model_decision.model_version IS 'The version that was judged, or chosen';
COMMENT ON COLUMN clv.model_decision.decision IS
'first, promoted, kept_champion, not_promoted, backfill: see docs/decisions/0006; chosen: by hand';
COMMENT ON COLUMN clv.model_decision.forecast_by IS 'The version that forecasts the run''s month; empty for a choice';
COMMENT ON COLUMN clv.model_decision.champion_before IS 'The champion before; empty where there was none';
COMMENT ON COLUMN clv.model_decision.champion_after IS 'The champion after; empty where there is none';
COMMENT ON COLUMN clv.model_decision.reasons IS 'Every comparison behind it in words, or why it was chosen';
COMMENT ON COLUMN clv.model_decision.decided_by IS 'gate, or who chose';
COMMENT ON COLUMN clv.model_decision.decided_at IS 'When it was decided';

CREATE VIEW clv.model_decisions AS
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
    decided_at
FROM clv.model_decision;

COMMENT ON VIEW clv.model_decisions IS 'Which model was judged when, what was decided and why; which was champion then';
COMMENT ON COLUMN clv.model_decisions.decision_id IS 'Number of the decision; grows';
COMMENT ON COLUMN clv.model_decisions.run_id IS 'The run whose gate decided; empty where somebody chose by hand';
COMMENT ON COLUMN clv.model_decisions.as_of IS 'First day after the data month that the version was trained on';
COMMENT ON COLUMN clv.model_decisions.model_version IS 'The version that was judged, or chosen';
COMMENT ON COLUMN clv.model_decisions.decision IS
'first: no champion before; promoted: took the champion''s place; kept_champion: the champion forecasts; not_promoted: '
'forecasts for want of a champion; backfill: forecasts its old month alone; chosen: made champion by hand';
COMMENT ON COLUMN clv.model_decisions.forecast_by IS 'The version that forecasts the run''s month; empty for a choice';
COMMENT ON COLUMN clv.model_decisions.champion_before IS 'The champion before; empty where there was none';
COMMENT ON COLUMN clv.model_decisions.champion_after IS 'The champion after; empty where there is none';
COMMENT ON COLUMN clv.model_decisions.reasons IS
'Every comparison behind it in words, or why it was chosen; a line each';
COMMENT ON COLUMN clv.model_decisions.decided_by IS 'gate, or who chose';
COMMENT ON COLUMN clv.model_decisions.decided_at IS 'When it was decided';

GRANT SELECT, INSERT ON clv.model_decision TO clv_writer;
GRANT SELECT ON clv.model_decisions TO clv_writer, clv_reader;
