-- Claim a month for a run until the transaction ends; the load_id its rows are to carry.
SELECT clv.begin_load(:as_of, :run_id) AS load_id;
