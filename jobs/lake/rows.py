"""Rows of the clean tables as plain Python values, for what works without Spark."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple


class Line(NamedTuple):
    """A row of `tables.TRANSACTIONS`, with the same fields."""

    customer_id: str
    order_id: str
    ordered_at: datetime
    product_id: str | None
    department: str
    units: Decimal | None
    net_value: Decimal
    is_return: bool


class Account(NamedTuple):
    """A row of `tables.CUSTOMERS`, with the same fields."""

    customer_id: str
    signup_on: date
    membership: str | None
    city: str | None
    country: str | None
