"""CDNOW: one cohort of buyers of a music shop, 1997-01 to 1998-06, to the day and without order ids.

Source: the teaching data of P. Fader and B. Hardie, brucehardie.com. Equal rows are kept: without an order id or an
hour they are as likely two purchases of one day as an error.
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
