-- Make room for the new customers of open months that were read until a day, one job at a time.
SELECT clv.clear_first_month_open(:read_until);
