-- How many rules each stage of a run was validated with, and how many did not hold.
SELECT
    stage,
    count(*) AS rules,
    count(*) FILTER (WHERE NOT success AND severity = 'critical') AS critical,
    count(*) FILTER (WHERE NOT success AND severity <> 'critical') AS warnings
FROM clv.validation
WHERE run_id = :run_id
GROUP BY stage
ORDER BY stage;
