"""The simulated shop of `jobs.simulate`: every table, one folder per month."""

from __future__ import annotations

from jobs.sources.mapping import (
    CustomerColumns,
    ProductColumns,
    SessionColumns,
    Source,
    TransactionColumns,
)

SOURCE = Source(
    name="Simulated shop",
    currency="EUR",
    transactions=TransactionColumns(
        customer_id="customer_id",
        ordered_at="ordered_at",
        units="quantity",
        unit_price="unit_price",
        order_id="order_id",
        product_id="product_id",
        unit_cost="unit_cost",
    ),
    customers=CustomerColumns(
        customer_id="customer_id",
        signup_on="signup_date",
        membership="membership",
        city="city",
        country="country",
    ),
    sessions=SessionColumns(customer_id="customer_id", logged_in_at="logged_in_at"),
    products=ProductColumns(product_id="product_id", department="department"),
    departments=("beauty", "books", "electronics", "fashion", "home", "toys"),
    margin_rates={"beauty": 0.55, "books": 0.3, "electronics": 0.15, "fashion": 0.5, "home": 0.4, "toys": 0.35},
    rejects_duplicates=True,
)
