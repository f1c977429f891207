-- The champion of a model by the decision that was made, or took effect, last, and the month it was
-- trained as of. No row where nothing was ever decided.
WITH latest AS (
    SELECT CASE WHEN took_effect_at IS NULL THEN champion_before ELSE champion_after END AS model_version
    FROM clv.model_decision
    WHERE model_name = :model_name
    ORDER BY coalesce(took_effect_at, decided_at) DESC, decision_id DESC
    LIMIT 1
)

SELECT
    latest.model_version,
    (
        SELECT max(trained.as_of)
        FROM clv.model_decision AS trained
        WHERE trained.model_name = :model_name AND trained.model_version = latest.model_version
    ) AS as_of
FROM latest;
