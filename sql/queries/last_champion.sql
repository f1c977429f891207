-- The champion after the last decision, and the month it was trained as of. No row where nothing was ever decided.
SELECT
    latest.champion_after AS model_version,
    (
        SELECT max(trained.as_of)
        FROM clv.model_decision AS trained
        WHERE trained.model_version = latest.champion_after
    ) AS as_of
FROM clv.model_decision AS latest
ORDER BY latest.decision_id DESC
LIMIT 1;
