"""Lifetime features: rolled forward from the previous snapshot, without reading all history."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.core.month import Month
from jobs.features.days import Days, Flags, Ints
from jobs.features.table import MONTH_NAMES
from jobs.features.windows import exact_money, in_units, money, ratio

_DAYS_PER_MONTH = 30

_MONEY = ("net_value_lifetime", "sales_value_lifetime", "return_value_lifetime", "units_lifetime")
_SUMMED = ("orders_lifetime", "order_days_lifetime", "return_orders_lifetime", *_MONEY)
_ADDED_UP = (
    *_SUMMED,
    "gap_days_squared_lifetime",
    *(f"orders_{month}_lifetime" for month in MONTH_NAMES),
)
"""Columns of the state that are summed month by month."""

STATE = ("first_ordered_on", "last_ordered_on", *_ADDED_UP)
"""The columns that a snapshot reads from the previous one."""

_NEVER_FIRST, _NEVER_LAST = np.iinfo(np.int64).max, np.iinfo(np.int64).min
"""The days of the first and last order of a customer without one."""


def state_numbers() -> list[Column]:
    """The columns of `STATE` as whole numbers: days since 1970-01-01, and money in ten-thousandths."""
    return [
        F.coalesce(F.unix_date("first_ordered_on").cast("bigint"), F.lit(_NEVER_FIRST)),
        F.coalesce(F.unix_date("last_ordered_on").cast("bigint"), F.lit(_NEVER_LAST)),
        *(in_units(F.col(name)) if name in _MONEY else F.col(name) for name in _ADDED_UP),
    ]


def add_order_days(days: Days) -> Days:
    """Add `order_days` (1 on a day with an order) as a measure; the days with an order alone, and the gaps before them.

    `gap_days_squared` is 0 on a customer's first day with an order.
    """
    is_order_day = days["orders"] > 0
    days.derive("order_days", is_order_day.astype(np.int64))
    day, customer = days.day[is_order_day], days.customer[is_order_day]
    gaps = np.zeros(len(day), dtype=np.int64)
    gaps[1:] = np.where(customer[1:] == customer[:-1], day[1:] - day[:-1], 0)
    squared = np.zeros(len(days.day), dtype=np.int64)
    squared[is_order_day] = gaps * gaps
    return days.where(is_order_day, gap_days_squared=squared)


class State:
    """What is known of each customer's life so far; moves forward month by month."""

    def __init__(self, customers: int) -> None:
        """Customers without a past."""
        self.first = np.full(customers, _NEVER_FIRST, dtype=np.int64)
        self.last = np.full(customers, _NEVER_LAST, dtype=np.int64)
        self.totals = {name: np.zeros(customers, dtype=np.int64) for name in _ADDED_UP}

    def load(self, customer: Ints, numbers: pa.Array) -> None:
        """Continue from rows of the previous snapshot: their `state_numbers`, one row after the other."""
        columns = numbers.to_numpy(zero_copy_only=False).reshape(-1, len(STATE)).T
        for state, column in zip((self.first, self.last, *self.totals.values()), columns, strict=True):
            state[customer] = column

    def advance(self, days: Days, order_days: Days, month: Month) -> None:
        """Add what happened in a month."""
        span, orders = (rows.between(month.first_day, month.as_of) for rows in (days, order_days))
        added = {
            **{name: span.sum(name.removesuffix("_lifetime")) for name in _SUMMED},
            f"orders_{MONTH_NAMES[month.number - 1]}_lifetime": span.sum("orders"),
            "gap_days_squared_lifetime": self._gaps_squared(order_days, month),
        }
        for name, total in added.items():
            self.totals[name] = self.totals[name] + total
        self.first = np.minimum(self.first, orders.first_day(without=_NEVER_FIRST))
        self.last = np.maximum(self.last, orders.last_day(without=_NEVER_LAST))

    def _gaps_squared(self, order_days: Days, month: Month) -> Ints:
        """The squared gaps that end in a month; the one that leads into it starts on the last day of the state."""
        span = order_days.between(month.first_day, month.as_of)
        first = span.first_day(without=_NEVER_FIRST)
        has_row = span.rows > 0
        has_gap_into = has_row & (self.last > _NEVER_LAST)
        gaps = np.zeros(len(first), dtype=np.int64)
        gaps[has_gap_into] = (first[has_gap_into] - self.last[has_gap_into]) ** 2
        running = order_days.running("gap_days_squared")
        gaps[has_row] += running[span.end[has_row]] - running[span.start[has_row] + 1]
        return gaps

    @property
    def has_transactions(self) -> Flags:
        """Whether each customer has an order or a return."""
        flags: Flags = (self.totals["orders_lifetime"] > 0) | (self.totals["return_orders_lifetime"] > 0)
        return flags

    def columns(self, known: Ints) -> dict[str, pa.Array]:
        """The columns of `STATE` of some customers."""
        return {
            "first_ordered_on": _days(self.first[known], _NEVER_FIRST),
            "last_ordered_on": _days(self.last[known], _NEVER_LAST),
            **{name: pa.array(total[known]) for name, total in self.totals.items()},
        }


def _days(numbers: Ints, never: int) -> pa.Array:
    is_never = numbers == never
    return pa.array(np.where(is_never, 0, numbers).astype(np.int32), pa.int32(), mask=is_never).cast(pa.date32())


def columns() -> Mapping[str, Column]:
    """The state at `as_of`, and the features derived from it."""
    gaps = F.col("order_days_lifetime") - F.lit(1)
    span = F.date_diff("last_ordered_on", "first_ordered_on").cast("bigint")
    variance = (gaps * F.col("gap_days_squared_lifetime") - span * span) / (gaps * gaps)
    has_gap = gaps > F.lit(0)
    mean_gap = F.when(has_gap, span / gaps)
    tenure = F.date_diff("as_of", "first_ordered_on")
    recency = F.date_diff("as_of", "last_ordered_on")
    return {
        **{name: exact_money(F.col(name)) for name in _MONEY},
        "tenure_days": tenure,
        "recency_days": recency,
        "signup_days": F.date_diff("as_of", "signup_on"),
        "orders_per_30d_lifetime": F.col("orders_lifetime") * F.lit(_DAYS_PER_MONTH) / tenure,
        "order_value_mean_lifetime": ratio(money(F.col("sales_value_lifetime")), F.col("orders_lifetime")),
        "gap_days_mean": mean_gap,
        "gap_days_std": F.when(has_gap, F.sqrt(variance)),
        "recency_to_gap_mean": recency / mean_gap,
        **{
            f"orders_share_{month}_lifetime": ratio(F.col(f"orders_{month}_lifetime"), F.col("orders_lifetime"))
            for month in MONTH_NAMES
        },
    }
