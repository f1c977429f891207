-- What the rows of a special run add up to, and the model version they must agree on.
SELECT
    load.model_version,
    count(*) AS customers,
    sum(special_rows.clv) AS clv,
    sum(special_rows.clv_p10) AS clv_p10,
    sum(special_rows.clv_p90) AS clv_p90,
    count(*) FILTER (WHERE special_rows.model_version <> load.model_version) AS by_another_version
FROM clv.special_load AS load
INNER JOIN clv.special_rows ON load.run_id = special_rows.run_id
WHERE load.run_id = :run_id
GROUP BY load.model_version;
