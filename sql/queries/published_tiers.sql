-- The tier of every customer of a published month.
SELECT
    rows.customer_id,
    rows.tier
FROM clv.published_load AS published
INNER JOIN clv.customer_rows AS rows ON published.load_id = rows.load_id
WHERE published.as_of = :as_of AND published.value_basis = :value_basis;
