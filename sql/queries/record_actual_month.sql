-- Record what the loaded actual values of a month add up to.
INSERT INTO clv.actual_month (month, customers, net_value_total, currency, lake_fingerprint)
SELECT
    cast(:month AS date) AS month,
    count(*) AS customers,
    coalesce(sum(net_value), 0) AS net_value_total,
    cast(:currency AS text) AS currency,
    cast(:lake_fingerprint AS text) AS lake_fingerprint
FROM clv.actual_rows
WHERE month = :month
RETURNING customers, net_value_total;
