"""Days of customers in a lake, as ingestion leaves them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pandas as pd

from jobs.core.month import Month
from jobs.lake.arrow import write_period
from jobs.lake.lake import Lake
from jobs.lake.tables import ALL_DEPARTMENTS, DAILY


def write_days(lake: Lake, month: Month, brought: Mapping[str, str]) -> None:
    """Write a month in which each customer placed an order on the 2nd and one on the 20th, for half of a value each."""
    days = [
        {
            **dict.fromkeys(DAILY.names, 0),
            **dict.fromkeys(("sales_value", "return_value", "units"), Decimal(0)),
            "customer_id": customer,
            "ordered_on": month.first_day.replace(day=day),
            "department": department,
            "net_value": Decimal(value) / 2,
            "orders": 1,
        }
        for customer, value in brought.items()
        for day in (2, 20)
        for department in (ALL_DEPARTMENTS, "books")
    ]
    write_period(pd.DataFrame(days, columns=DAILY.names), lake, DAILY, month, {})
