-- Make room for the actual values of a month; other loads wait until the transaction ends, readers do not.
LOCK TABLE clv.actual_month IN SHARE ROW EXCLUSIVE MODE;
DELETE FROM clv.actual_rows
WHERE month = :month;
DELETE FROM clv.actual_month
WHERE month = :month;
