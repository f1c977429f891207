-- Each published load, and what each of its horizons was measured with; one row without a horizon where none was.
SELECT
    published.load_id,
    published.as_of,
    measured.horizon_months,
    measured.inputs_fingerprint
FROM clv.published_load AS published
LEFT JOIN clv.accuracy_measured AS measured ON published.load_id = measured.load_id
WHERE published.value_basis = :value_basis
ORDER BY published.as_of, measured.horizon_months;
