delivered.`Kind of` = 'refund' AND ordered_at >= TIMESTAMP'2010-12-01'
true
NOT NULL
product_id LIKE 'DEPOSIT%'
net_value > 200
net_value < -1.5 OR is_return
DELIVERED.`kind OF` = 'Refund' or Unit_Price = 0
delivered.qty <=> delivered.price
delivered.`Kind of` != 'sale'
delivered.`Kind of` <> '' AND NOT delivered.aisle = 'toys'
delivered.`Kind of` IS NULL
department IS NOT NULL AND units IS NULL
(units > 1) IS NULL
(units > 1) IS NOT TRUE
units IS DISTINCT FROM unit_price
units = NULL
units <=> NULL
(units = 1) = (unit_price = 1)
is_return IS FALSE
delivered.aisle IN ('toys', 'Books', '')
units NOT IN (1, 2.5, NULL)
delivered.no IN (own_order_id, NULL)
unit_price BETWEEN 0.5 AND 2
order_id NOT BETWEEN 'A' AND 'b'
customer_id < product_id
upper(department) = 'TOYS'
lower(trim(delivered.aisle)) IN ('toys', 'straße')
ltrim(delivered.aisle) = rtrim(delivered.aisle)
ucase(product_id) <= lcase(product_id)
length(product_id) > 3
char_length(delivered.price) = 0
substring(product_id, 1, 2) = 'A1'
substr(product_id, -3) = 'ost'
substring(product_id, -3, 2) = 'PO' OR substring(product_id, 0, 2) = 'PO' OR substring(product_id, 2, -1) = ''
substring(product_id, -300, 299) = 'x'
left(order_id, 1) = 'C' OR right(order_id, 1) = '9'
left(product_id, 0) = ''
startswith(order_id, 'C') OR endswith(order_id, 'x')
contains(lower(product_id), 'post')
product_id || '/' || order_id = 'A1/536365'
concat(customer_id, 'a', order_id) LIKE '%c1a%5'
product_id LIKE '_1' OR product_id LIKE '%\\%%'
delivered.sku LIKE 'A\\_1'
product_id ILIKE 'post%' OR product_id NOT LIKE '%o%'
product_id LIKE 'P%'
product_id RLIKE '^[A-Z]{1,3}[0-9]+$'
product_id RLIKE '(?i)^(post|m|d\\.?o?t)$'
order_id REGEXP r'^\d+$'
delivered.sku RLIKE '.' AND delivered.sku NOT RLIKE '^.*$'
delivered.sku RLIKE '[^\\w\\s-]|\\W$'
regexp_like(delivered.sku, 'O?ST')
abs(units) * unit_price > 100
net_value - units * unit_price <> 0.0
-net_value > units + 1
unit_price * 1.19 >= 2.38
unsigned_units < 0 AND amount > 0.005
(units + 0.5) * 2 - .5 > 3
-1 < net_value AND abs(unit_price) < 2
try_cast(delivered.qty AS decimal(10, 2)) < 0
try_cast(delivered.qty AS int) = 1
try_cast(delivered.price AS BIGINT) >= 3000000000
try_cast(delivered.price AS decimal(38, 0)) > 99999999999999
try_cast(delivered.qty AS decimal) = 0
try_cast(delivered.price AS decimal(4, 4)) > 0.5
coalesce(units, unit_price, 0) = 0
nvl(delivered.aisle, 'none') = 'none'
ifnull(department, '') LIKE 't%'
CASE WHEN units > 1 THEN 'many' WHEN units = 1 THEN 'one' END = 'one'
CASE delivered.aisle WHEN 'toys' THEN 1 ELSE 2.5 END > 2
if(units > 1, net_value, -net_value) > 0
ordered_at < '2010-12-01'
ordered_at BETWEEN '2010-12-01 08:00:00' AND DATE'2011-01-01'
date(ordered_at) = DATE'2011-11-05'
to_date(ordered_at) IN ('2010-12-01')
CAST(ordered_at AS date) >= '2011-03-27'
year(ordered_at) = 2011 AND month(ordered_at) > 3
hour(ordered_at) >= 20 OR dayofweek(ordered_at) = 1
day(ordered_at) = 5
month = '2010-12'
units > 1 AND unit_price > 1 OR NOT (department = 'toys' AND is_return)
NOT units > 1 AND unit_price > 1
product_id = 'it\'s' OR product_id = "dq" OR product_id = 'a\'b\t\u00e9'
! is_return -- a comment
units == 1 /* another */
delivered.`Kind of` = delivered.aisle IS NULL
delivered.aisle || 'x' = 'toysx'
product_id <=> upper(product_id)
