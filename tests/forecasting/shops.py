"""Snapshots of a small made-up shop: some customers never buy, the others each at a rate and a size of their own."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from jobs.core.month import Month
from jobs.features.table import LAG_MONTHS, lag_name

FIRST = Month(2020, 1)
NEVER_BUY = 5


def shop(
    customers: int, months: int, seed: int = 1, leaving: float = 0.0, opening: int = 0
) -> dict[date, pd.DataFrame]:
    """One snapshot a month, with the columns the forecaster cannot do without; a share of `leaving` goes each month.

    Nobody orders in the first `opening` months.
    """
    rng = np.random.default_rng(seed)
    rate = rng.beta(1.0, 2.0, (customers, 1))
    size = rng.lognormal(3.0, 0.7, (customers, 1))
    bought = rng.random((customers, months)) < rate
    if leaving:
        bought &= np.arange(months) < rng.geometric(leaving, (customers, 1))
    bought[:NEVER_BUY] = False
    bought[:, :opening] = False
    net = np.where(bought, size * rng.lognormal(0.0, 0.4, (customers, months)), 0.0).round(2)
    return {FIRST.plus(age).first_day: _snapshot(net[:, :age]) for age in range(1, months + 1)}


def _snapshot(net: np.ndarray) -> pd.DataFrame:
    customers, age = net.shape
    bought = net > 0
    ever = bought.any(axis=1)
    first = np.where(ever, bought.argmax(axis=1), -1)
    last = np.where(ever, age - 1 - bought[:, ::-1].argmax(axis=1), -1)
    columns: dict[str, object] = {
        "customer_id": [f"c{number:04d}" for number in range(customers)],
        "first_ordered_on": [FIRST.plus(int(month)).first_day if month >= 0 else None for month in first],
        "recency_days": np.where(ever, (age - last) * 30.0, np.nan),
        "tenure_days": np.where(ever, (age - first) * 30.0, np.nan),
        "order_days_lifetime": bought.sum(axis=1),
        "orders_lifetime": bought.sum(axis=1),
        "net_value_lifetime": net.sum(axis=1).round(2),
    }
    for lag in LAG_MONTHS:
        month = net[:, age - lag] if lag <= age else np.zeros(customers)
        columns |= {lag_name("net_value", lag): month, lag_name("orders", lag): (month > 0) * 1.0}
    return pd.DataFrame(columns)
