-- The calendar months whose actual values are loaded in a value basis, and what they were loaded from.
SELECT
    month,
    lake_fingerprint
FROM clv.realised_month
WHERE value_basis = :value_basis
ORDER BY month;
