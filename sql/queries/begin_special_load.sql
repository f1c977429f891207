-- Make room for a special run: what it, or an earlier plan of the same Airflow run, has loaded goes.
SELECT clv.begin_special_load(:run_id);
