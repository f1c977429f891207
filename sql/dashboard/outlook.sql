-- What was brought in each of the last twelve months, and what is expected in the next, with its interval.
SELECT
    month,
    sum(net_value) AS actual,
    NULL::numeric AS expected,
    NULL::numeric AS p10,
    NULL::numeric AS p90
FROM clv.actual
WHERE
    month >= (
        SELECT max(runs.as_of) - interval '12 months' FROM clv.runs
        WHERE runs.status = 'published'
    )
GROUP BY month
UNION ALL
SELECT
    month,
    NULL AS actual,
    net_value AS expected,
    p10,
    p90
FROM clv.forecast_total_monthly
WHERE as_of = (
    SELECT max(runs.as_of) FROM clv.runs
    WHERE runs.status = 'published'
) AND segment_by = 'all'
