-- Whether somebody has chosen a champion of a model by hand after a decision.
SELECT count(*) > 0 AS is_chosen
FROM clv.model_decision
WHERE model_name = :model_name AND decision = 'chosen' AND decision_id > :decision_id;
