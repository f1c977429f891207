"""A small shop's transactions as a file with three columns."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from jobs.core.month import Month
from jobs.sources.mapping import Source, TransactionColumns

FIRST, LAST = Month(2023, 1), Month(2024, 3)
ORIGIN, MONTHS = date(2024, 1, 1), 3
COLUMNS = "customer_id=Card,ordered_at=Booked,amount=Paid"
SOURCE = Source(
    name="small",
    currency="EUR",
    transactions=TransactionColumns(customer_id="Card", ordered_at="Booked", amount="Paid"),
)


def transactions(customers: int = 150) -> pd.DataFrame:
    """Purchases at customers' own rates and values, some of which stop; one purchase in twenty is sent back."""
    rng = np.random.default_rng(5)
    days = (LAST.as_of - FIRST.first_day).days
    rows = []
    for customer in range(customers):
        start, rate = rng.integers(0, days // 2), rng.gamma(2.0, 0.02)
        stop = days if rng.random() < 0.6 else rng.integers(start, days)
        typical = rng.lognormal(3.0, 0.5)
        for day in np.flatnonzero(rng.random(days) < rate):
            if day == start or start <= day <= stop:
                amount = typical * rng.lognormal(0.0, 0.4) * (-1.0 if rng.random() < 0.05 else 1.0)
                rows.append((f"{customer:04d}", FIRST.first_day + timedelta(days=int(day)), round(amount, 2)))
    return pd.DataFrame(rows, columns=["Card", "Booked", "Paid"])


def written(rows: pd.DataFrame, path: Path) -> Path:
    rows.to_csv(path, index=False)
    return path
