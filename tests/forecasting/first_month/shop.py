"""The daily table and the customer lists of a small made-up shop whose customers order at rates of their own."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from jobs.core.month import Month
from jobs.lake.tables import ALL_DEPARTMENTS, DAILY

OPENED = Month(2020, 1)
DEPARTMENTS = ("books", "toys")

NUMBERS = [name for name in DAILY.names if name not in ("customer_id", "ordered_on", "department")]


def day_row(
    customer: str, day: str | pd.Timestamp, net: float, department: str = ALL_DEPARTMENTS, **figures: float
) -> dict[str, Any]:
    """A row of the daily table: one order, unless told otherwise."""
    usual = dict.fromkeys(NUMBERS, 0.0) | {"orders": 1.0, "units": 1.0, "products": 1.0, "orders_morning": 1.0}
    row = usual | {"net_value": net, "sales_value": max(net, 0.0), "return_value": max(-net, 0.0)} | figures
    return {"customer_id": customer, "ordered_on": pd.Timestamp(day), "department": department, **row}


def daily(customers: int, months: int, seed: int = 1) -> pd.DataFrame:
    """Every customer's days with an order: a Poisson process that starts on a day of its own, with returns at times."""
    rng = np.random.default_rng(seed)
    start, days = pd.Timestamp(OPENED.first_day), 30 * months
    rows = []
    for number in range(customers):
        rate, size = rng.gamma(1.0, 0.03), rng.lognormal(3.0, 0.6)
        first = int(rng.integers(days))
        later = np.flatnonzero(rng.random(days - first) < rate) + first
        for day in sorted({first, *later.tolist()}):
            net = round(size * rng.lognormal(0.0, 0.4) * (-0.3 if day > first and rng.random() < 0.1 else 1.0), 2)
            orders = {"orders": float(net > 0), "return_orders": float(net < 0), "orders_morning": float(net > 0)}
            at = start + pd.Timedelta(days=day)
            for department in (ALL_DEPARTMENTS, DEPARTMENTS[number % 2]):
                rows.append(day_row(f"c{number:04d}", at, net, department, **orders))
    return pd.DataFrame(rows)


def profiles(customers: int, months: int) -> pd.DataFrame:
    """A list a month; memberships change from list to list."""
    lists = [
        pd.DataFrame(
            {
                "as_of": pd.Timestamp(OPENED.plus(month).first_day),
                "customer_id": [f"c{number:04d}" for number in range(customers)],
                "signup_on": pd.Timestamp(date(2019, 12, 1)),
                "membership": [("none", "annual")[(number + month) % 2] for number in range(customers)],
                "city": [("York", "Bath", "Leeds")[number % 3] for number in range(customers)],
                "country": "UK",
            }
        )
        for month in range(months + 1)
    ]
    return pd.concat(lists, ignore_index=True)
