-- The last decision that changed the champion of a model. No row before the first.
SELECT
    champion_after,
    decision = 'chosen' AS is_by_hand
FROM clv.model_decision
WHERE model_name = :model_name AND took_effect_at IS NOT NULL
ORDER BY took_effect_at DESC, decision_id DESC
LIMIT 1;
