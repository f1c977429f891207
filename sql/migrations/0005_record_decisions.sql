-- Decisions on models: what the gate decided in each run and why, and what people decided instead.
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
'What was decided on a model version: one row per run by the gate, one per champion that was chosen by hand';
COMMENT ON COLUMN clv.model_decision.decision_id IS 'Number of the decision; grows';
COMMENT ON COLUMN clv.model_decision.run_id IS 'The run whose gate decided; empty if it was chosen by hand';
COMMENT ON COLUMN clv.model_decision.as_of IS 'First day after the data month that the version was trained on';
COMMENT ON COLUMN clv.model_decision.model_version IS 'The version that was judged, or chosen';
COMMENT ON COLUMN clv.model_decision.decision IS
'first, promoted, kept_champion, not_promoted, backfill, todays_champion: see docs/decisions/0006; chosen: by hand';
COMMENT ON COLUMN clv.model_decision.forecast_by IS 'The version that forecasts the run''s month; empty for a choice';
COMMENT ON COLUMN clv.model_decision.champion_before IS 'The champion before; empty where there was none';
COMMENT ON COLUMN clv.model_decision.champion_after IS 'The champion after; empty where there is none';
COMMENT ON COLUMN clv.model_decision.reasons IS 'One sentence per comparison, or why it was chosen';
COMMENT ON COLUMN clv.model_decision.decided_by IS 'gate, run parameter, or who chose';
COMMENT ON COLUMN clv.model_decision.decided_at IS 'When it was decided';

GRANT SELECT, INSERT ON clv.model_decision TO clv_writer;
