-- Make room for the new customers of open months, one job at a time.
SELECT clv.clear_first_month_open();
