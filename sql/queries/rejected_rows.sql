-- Why rows delivered for a run's data month were rejected, as the run itself or an earlier one on the same value basis
-- read them last: one row per table and reason.
WITH newest AS (
    SELECT DISTINCT ON (counts.table_name)
        counts.run_id,
        counts.table_name,
        counts.month,
        counts.delivered_rows
    FROM clv.run AS this
    INNER JOIN clv.run AS made ON this.value_basis = made.value_basis
    INNER JOIN clv.ingested AS counts ON made.run_id = counts.run_id
    WHERE
        this.run_id = :run_id
        AND made.run_id <= this.run_id
        AND counts.month = this.as_of - interval '1 month'
    ORDER BY counts.table_name ASC, counts.run_id DESC
)

SELECT
    newest.table_name,
    reasons.reason,
    reasons.rows,
    newest.delivered_rows AS delivered
FROM newest
INNER JOIN clv.rejected AS reasons
    ON
        newest.run_id = reasons.run_id
        AND newest.table_name = reasons.table_name
        AND newest.month = reasons.month
ORDER BY reasons.rows DESC, newest.table_name ASC, reasons.reason ASC;
