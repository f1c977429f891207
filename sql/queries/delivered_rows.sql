-- What became of the rows delivered for a run's data month, and for up to twelve months before: one row per table. The
-- run itself or an earlier one on the same value basis read each month last.
WITH newest AS (
    SELECT DISTINCT ON (counts.table_name, counts.month)
        counts.table_name,
        counts.delivered_rows,
        counts.clean_rows,
        counts.rejected_rows,
        counts.month = (this.as_of - interval '1 month')::date AS is_data_month
    FROM clv.run AS this
    INNER JOIN clv.run AS made ON this.value_basis = made.value_basis
    INNER JOIN clv.ingested AS counts ON made.run_id = counts.run_id
    WHERE
        this.run_id = :run_id
        AND made.run_id <= this.run_id
        AND counts.month >= this.as_of - interval '13 months'
        AND counts.month < this.as_of
    ORDER BY counts.table_name ASC, counts.month ASC, counts.run_id DESC
)

SELECT
    table_name,
    sum(delivered_rows) FILTER (WHERE is_data_month) AS delivered,
    sum(clean_rows) FILTER (WHERE is_data_month) AS clean,
    sum(rejected_rows) FILTER (WHERE is_data_month) AS rejected,
    sum(delivered_rows) FILTER (WHERE NOT is_data_month) AS delivered_before,
    sum(rejected_rows) FILTER (WHERE NOT is_data_month) AS rejected_before
FROM newest
GROUP BY table_name
HAVING bool_or(is_data_month)
ORDER BY delivered DESC, table_name ASC;
