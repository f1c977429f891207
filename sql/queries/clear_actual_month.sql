-- Make room for the actual values of a month; other loads wait until the transaction ends, readers do not.
SELECT clv.clear_actual_month(:month, :value_basis);
