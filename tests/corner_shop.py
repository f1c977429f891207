"""A small shop with every kind of row that a delivery can hold."""

from __future__ import annotations

import gzip
from pathlib import Path

from jobs.core.month import Month
from jobs.sources.mapping import (
    CustomerColumns,
    ProductColumns,
    RowRule,
    SessionColumns,
    Source,
    TransactionColumns,
)

SHOP = Source(
    name="Corner shop",
    currency="EUR",
    transactions=TransactionColumns(
        customer_id="who", ordered_at="when", units="qty", unit_price="price", order_id="order", product_id="sku"
    ),
    customers=CustomerColumns(customer_id="id", signup_on="since", membership="plan", city="town", country="land"),
    sessions=SessionColumns(customer_id="who", logged_in_at="at"),
    products=ProductColumns(product_id="sku", department="aisle"),
    rules=(RowRule(reason="gift_card", when="product_id = 'GIFT'"),),
    rejects_duplicates=True,
)

THREE_COLUMNS = Source(
    name="Three columns",
    currency="EUR",
    transactions=TransactionColumns(customer_id="customer", ordered_at="day", amount="paid"),
)

PRODUCTS = "sku,aisle\nA,Tea\nA,Coffee\nB,\n,Tea\nA,Coffee\n"
CUSTOMERS = """id,since,plan,town,land
c1,2011-01-05,Annual,Bonn,Germany
c1,2011-01-06,monthly,Köln,Germany
c2,2011-02-01 09:00,,,
,2011-02-01,none,Bonn,Germany
c4,2011-02-30,none,Bonn,Germany
c5,2011-02-01,gold,Bonn,Germany
"""

SESSIONS = """who,at
c1,2011-11-05 10:00:00
c1,2011-11-05 10:00:00
,2011-11-05
c1,later
c1,2011-10-31 23:59:59
"""

ODD_AMOUNTS = ["-4", "0", "10", "10", "10"]
LINES = """order,sku,when,who,qty,price
1,A,2011-11-02 10:00:00,c1,2,2.50
2,A,2011-11-03,c2,-1,2.50
,B,2011-11-04 09:00,c1,3,0.3333
3,A,2011-12-01 00:00:00,c1,1,1
4,A,11/05/2011,c1,1,1
5,A,2011-11-05, ,1,1
6,A,2011-11-05,c\t1,1,1
7,A,2011-11-05,c1,1,free
8,A,2011-11-05,c1,lots,1
9,A,2011-11-05,c1,90000000000000,90000000000000
10,A,2011-11-05,c1,1,0.00
11,GIFT,2011-11-05,c1,1,10
1,A,2011-11-02 10:00:00,c1,2,2.50
12,A
13,GIFT,never,,x,NaN
14,"A ""quoted"", B",2011-11-30 23:59:59,"c,3",1,1e1
"""


def deliver_month(landing: Path, table: str, month: Month, text: str) -> None:
    folder = landing / table / f"month={month}"
    folder.mkdir(parents=True)
    (folder / "part-0.csv.gz").write_bytes(gzip.compress(text.encode()))
    (folder / "_SUCCESS").touch()
