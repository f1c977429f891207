-- The rules that did not hold in a run, critical ones first.
SELECT
    stage,
    suite,
    rule,
    says,
    severity,
    observed,
    allowed
FROM clv.validation
WHERE run_id = :run_id AND NOT success
ORDER BY severity, stage, suite, rule;
