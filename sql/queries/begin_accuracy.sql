-- Make room for the accuracy of a load over a horizon.
SELECT clv.begin_accuracy(:load_id, :horizon_months, :inputs_fingerprint);
