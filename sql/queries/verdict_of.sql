-- The gate's verdict on a version, and whether any of its runs has made the version the champion. No row where it was
-- never judged.
SELECT
    decision_id,
    decision,
    forecast_by,
    champion_before,
    champion_after,
    reasons,
    bool_or(took_effect_at IS NOT NULL) OVER () AS took_effect
FROM clv.model_decision
WHERE model_name = :model_name AND model_version = :model_version AND decision NOT IN ('chosen', 'todays_champion')
ORDER BY decision_id
LIMIT 1;
