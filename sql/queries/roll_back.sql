-- Point readers of a month at another run that has loaded it, provided that they still see the expected run.
SELECT clv.roll_back(:as_of, :from_run_id, :to_run_id, :by, :because);
