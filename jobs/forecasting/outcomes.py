"""Outcomes: what each customer did in each month that is over, as the snapshots that followed tell it.

The outcome of (snapshot T, horizon month h) is what the customer did in calendar month T+h-1. It is read from the
snapshot at T+h months, as that snapshot's previous month, and only where that snapshot is not later than `as_of`: an
outcome that had not matured at `as_of` cannot be reached. `training_rows.py` adds the first months up to labels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.core.month import HORIZON_MONTHS, Month
from jobs.forecasting.encoder import Floats, InputError

Snapshots = Mapping[date, pd.DataFrame]


def known_by(snapshots: Snapshots, as_of: date) -> dict[date, pd.DataFrame]:
    """The snapshots up to and including `as_of`, oldest first, each sorted by customer; raises InputError if none."""
    if as_of not in snapshots:
        raise InputError(f"no snapshot as of {as_of}: build it first")
    return {
        day: snapshots[day].sort_values("customer_id", kind="stable", ignore_index=True)
        for day in sorted(snapshots)
        if day <= as_of
    }


def rolling(months: int) -> list[int]:
    """How many of the newest months lie ahead of each of the origins from which `months` months are judged."""
    return sorted({months, -(-months * 2 // 3), -(-months // 3)}, reverse=True)


def first_month(snapshots: Snapshots) -> Month:
    """The first calendar month with an order; if no customer ordered, the data month of the oldest snapshot."""
    newest = snapshots[max(snapshots)]
    first = pd.to_datetime(newest["first_ordered_on"]).min()
    return Month.before(min(snapshots)) if pd.isna(first) else Month.of(first.date())


def sample_customers(customer_ids: Iterable[str], limit: int) -> list[str]:
    """At most `limit` customers, chosen by a hash of their id: the same ones whatever the order and the month."""
    distinct = set(customer_ids)
    if len(distinct) <= limit:
        return sorted(distinct)
    return sorted(sorted(distinct, key=_hash)[:limit])


def _hash(customer_id: str) -> bytes:
    return hashlib.blake2b(customer_id.encode(), digest_size=8).digest()


@dataclass(frozen=True)
class Outcomes:
    """What every customer did in every month that is over.

    Attributes:
        position: customer → row.
        months: calendar month → column.
        values: net value, one row a customer, one column a month.
        orders: orders, in the same shape.
    """

    position: pd.Series
    months: Mapping[Month, int]
    values: Floats
    orders: Floats

    @classmethod
    def read(cls, snapshots: Snapshots) -> Outcomes:
        """Read each snapshot's previous month. A customer who is in no later snapshot did nothing there."""
        ids = sorted(set().union(*(frame["customer_id"] for frame in snapshots.values())))
        position = pd.Series(np.arange(len(ids)), index=pd.Index(ids, dtype=object))
        months = {Month.before(as_of): column for column, as_of in enumerate(sorted(snapshots))}
        values, orders = np.zeros((2, len(ids), len(months)))
        for as_of, frame in snapshots.items():
            rows, column = position[frame["customer_id"]].to_numpy(), months[Month.before(as_of)]
            values[rows, column] = frame["net_value_month_lag_01"].astype("float64").fillna(0.0)
            orders[rows, column] = frame["orders_month_lag_01"].astype("float64").fillna(0.0)
        return cls(position, months, values, orders)

    def matured(self, as_of: date) -> list[int]:
        """The horizon months h of a snapshot whose outcome is known."""
        start = Month.of(as_of)
        return [h for h in range(1, HORIZON_MONTHS + 1) if start.plus(h - 1) in self.months]

    def after(self, ids: NDArray[np.object_], as_of: date, horizons: Iterable[int]) -> tuple[Floats, Floats]:
        """Net value and orders of customers in the given horizon months of a snapshot, one column a horizon."""
        rows = self.position.loc[ids.tolist()].to_numpy()
        columns = np.array([self.months[Month.of(as_of).plus(h - 1)] for h in horizons], dtype=np.intp)
        return self.values[np.ix_(rows, columns)], self.orders[np.ix_(rows, columns)]


def thinned(rows: int, share: float, seed: tuple[int, ...]) -> NDArray[np.intp]:
    """A seeded random part of `rows` row numbers, ascending."""
    if share >= 1.0:
        return np.arange(rows)
    return np.flatnonzero(np.random.default_rng(seed).random(rows) < share)
