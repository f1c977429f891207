-- Record what the loaded actual values of a month add up to.
INSERT INTO clv.actual_month (month, customers, net_value_total, lake_fingerprint)
SELECT
    :month AS month,
    count(*) AS customers,
    coalesce(sum(net_value), 0) AS net_value_total,
    :lake_fingerprint AS lake_fingerprint
FROM clv.actual_rows
WHERE month = :month
RETURNING customers, net_value_total;
