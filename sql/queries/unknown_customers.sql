-- Those of a list of ids that have no forecast in a published month.
SELECT listed.customer_id
FROM unnest(cast(:customer_ids AS text[])) AS listed (customer_id)
WHERE
    NOT EXISTS (
        SELECT 1
        FROM clv.forecast
        WHERE forecast.as_of = :as_of AND forecast.customer_id = listed.customer_id
    )
ORDER BY listed.customer_id;
