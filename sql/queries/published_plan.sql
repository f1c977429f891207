-- What the run that readers see for a month was planned with. No row where none is published.
SELECT
    run.run_id,
    run.input_fingerprint,
    run.code_version,
    run.model_choice,
    run.plan
FROM clv.published_load AS published
INNER JOIN clv.run ON published.run_id = run.run_id
WHERE published.as_of = :as_of AND published.value_basis = :value_basis;
