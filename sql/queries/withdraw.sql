-- Show readers no forecast of a month, provided that they still see the expected run.
SELECT clv.withdraw(:as_of, :run_id, :by, :because);
