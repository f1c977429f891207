-- The calendar months whose actual values are loaded, and what they were loaded from.
SELECT
    month,
    lake_fingerprint
FROM clv.actual_month
ORDER BY month;
