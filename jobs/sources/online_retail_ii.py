"""UCI Online Retail II: a British gift wholesaler, 2009-12 to 2011-12, in two overlapping sheets.

Source: UCI Machine Learning Repository, data set 502. The reasons for the rules:
`docs/decisions/0003-what-counts-as-a-purchase.md`.
"""

from __future__ import annotations

from jobs.sources.mapping import RowRule, Source, TransactionColumns

SOURCE = Source(
    name="Online Retail II",
    currency="GBP",
    transactions=TransactionColumns(
        customer_id="Customer ID",
        ordered_at="InvoiceDate",
        units="Quantity",
        unit_price="Price",
        order_id="Invoice",
        product_id="StockCode",
        optional=("sheet",),
    ),
    rules=(
        RowRule(
            reason="sheet_overlap",
            when="delivered.sheet = 'Year 2009-2010' AND ordered_at >= TIMESTAMP'2010-12-01'",
        ),
        RowRule(reason="price_not_positive", when="unit_price <= 0"),
        RowRule(
            reason="bookkeeping_entry",
            when="product_id RLIKE '^(ADJUST.*|AMAZONFEE|B|BANK CHARGES|CRUK|S|TEST.*|gift_0001_.*)$'",
        ),
    ),
    rejects_duplicates=True,
    ids_as_floats=True,
)
