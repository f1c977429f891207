-- Record what the loaded actual values of a month add up to.
INSERT INTO clv.realised_month (value_basis, month, customers, net_value_total, currency, lake_fingerprint)
SELECT
    cast(:value_basis AS text) AS value_basis,
    cast(:month AS date) AS month,
    count(*) AS customers,
    coalesce(sum(net_value), 0) AS net_value_total,
    cast(:currency AS text) AS currency,
    cast(:lake_fingerprint AS text) AS lake_fingerprint
FROM clv.realised_rows
WHERE month = :month AND value_basis = :value_basis
RETURNING customers, net_value_total;
