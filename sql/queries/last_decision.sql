-- The last decision on any model; 0 before the first.
SELECT coalesce(max(decision_id), 0) AS decision_id
FROM clv.model_decision;
