-- Make room for the new customers of open months, one job at a time.
LOCK TABLE clv.first_month_open IN SHARE ROW EXCLUSIVE MODE;
DELETE FROM clv.first_month_open;
