-- The champion of the published months, by the decision that was made, or took effect, last; and the decision that made
-- it the champion last. That may have judged another version: after `kept_previous` it says why that one did not become
-- it. No row before the first.
WITH live AS (
    SELECT CASE WHEN took_effect_at IS NULL THEN champion_before ELSE champion_after END AS model_version
    FROM clv.model_decisions
    WHERE model_name = 'clv'
    ORDER BY coalesce(took_effect_at, decided_at) DESC, decision_id DESC
    LIMIT 1
)

SELECT
    live.model_version,
    effect.took_effect_at AS since,
    effect.decision,
    effect.reasons,
    effect.decided_by,
    effect.decided_at,
    (
        SELECT max(trained.data_month)
        FROM clv.model_decisions AS trained
        WHERE trained.model_name = 'clv' AND trained.model_version = live.model_version
    ) AS trained_on,
    (
        SELECT max(run.data_month)
        FROM clv.runs AS run
        WHERE run.status = 'published' AND run.model_version = live.model_version
    ) AS last_forecast
FROM live
LEFT JOIN LATERAL (
    SELECT
        decided.took_effect_at,
        decided.decision,
        decided.reasons,
        decided.decided_by,
        decided.decided_at
    FROM clv.model_decisions AS decided
    WHERE
        decided.model_name = 'clv'
        AND decided.took_effect_at IS NOT NULL
        AND decided.champion_after = live.model_version
    ORDER BY decided.took_effect_at DESC, decided.decision_id DESC
    LIMIT 1
) AS effect ON TRUE
WHERE live.model_version IS NOT NULL;
