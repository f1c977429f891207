"""CDNOW: one cohort of customers of a music shop, 1997-01 to 1998-06, with dates but without times or order ids.

Source: the teaching data of P. Fader and B. Hardie, brucehardie.com. Equal rows are kept: without an order id or a
time they may well be two purchases on one day.
"""

from __future__ import annotations

from jobs.sources.mapping import Source, TransactionColumns

SOURCE = Source(
    name="CDNOW",
    currency="USD",
    transactions=TransactionColumns(
        customer_id="customer_id",
        ordered_at="date",
        amount="dollar_value",
    ),
    time_formats=("%Y%m%d",),
)
