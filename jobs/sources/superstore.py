"""The Superstore sample data: fictional orders of an office supplier, with category and discount."""

from __future__ import annotations

from jobs.sources.mapping import Source, TransactionColumns

SOURCE = Source(
    name="Superstore",
    currency="USD",
    transactions=TransactionColumns(
        customer_id="Customer ID",
        ordered_at="Order Date",
        amount="Sales",
        units="Quantity",
        order_id="Order ID",
        product_id="Product ID",
        department="Category",
    ),
    departments=("Furniture", "Office Supplies", "Technology"),
    time_formats=("%m/%d/%Y",),
)
