-- The champion of the published months, by the decision that was made, or took effect, last; since when it is; and how
-- it was judged: the gate's verdict on it, or the choice of a person where there was none. No row before the first.
WITH latest AS (
    SELECT CASE WHEN took_effect_at IS NULL THEN champion_before ELSE champion_after END AS model_version
    FROM clv.model_decisions
    WHERE model_name = 'clv'
    ORDER BY coalesce(took_effect_at, decided_at) DESC, decision_id DESC
    LIMIT 1
)

SELECT
    latest.model_version,
    (
        SELECT max(effect.took_effect_at)
        FROM clv.model_decisions AS effect
        WHERE effect.model_name = 'clv' AND effect.champion_after = latest.model_version
    ) AS since,
    verdict.decision,
    verdict.reasons,
    verdict.decided_by,
    verdict.decided_at,
    verdict.data_month AS trained_on,
    run.data_month AS last_forecast
FROM latest
LEFT JOIN LATERAL (
    SELECT
        judged.decision,
        judged.reasons,
        judged.decided_by,
        judged.decided_at,
        judged.data_month
    FROM clv.model_decisions AS judged
    WHERE judged.model_name = 'clv' AND judged.model_version = latest.model_version
    ORDER BY (judged.decision IN ('chosen', 'todays_champion')) ASC, judged.decision_id ASC
    LIMIT 1
) AS verdict ON TRUE
LEFT JOIN LATERAL (
    SELECT max(runs.data_month) AS data_month
    FROM clv.runs
    WHERE runs.status = 'published' AND runs.model_version = latest.model_version
) AS run ON TRUE
WHERE latest.model_version IS NOT NULL;
