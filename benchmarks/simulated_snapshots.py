"""Snapshots of a simulated shop of any size, straight from the simulator: no files, no Spark, chunk after chunk.

They hold the columns that follow from orders, their days and their values; the others (departments, logins, times of
the day …) are left empty. `jobs.build_features` makes all of them, from delivered files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from jobs.core.month import Month
from jobs.features.table import LAG_MONTHS, lag_name
from jobs.simulation.deliveries import Shop
from jobs.simulation.population import CITIES, MEMBERSHIPS, Floats, Population
from jobs.simulation.purchases import Lines, month_of_shop

_SECONDS_PER_DAY = 86_400
_DAYS = 100_000
"""More than there are days since 1970."""

_STREAM = 1
"""Of the purchases, as `jobs.simulate` draws them."""


@dataclass
class _History:
    """What has been seen of a chunk's customers so far; days count from 1970, NaN: none."""

    first: Floats
    last: Floats
    order_days: Floats
    orders: Floats
    months: list[tuple[Floats, Floats]]

    @classmethod
    def empty(cls, customers: int) -> _History:
        unknown, none = np.full(customers, np.nan), np.zeros(customers)
        return cls(unknown.copy(), unknown.copy(), none.copy(), none.copy(), [])

    def add(self, sales: Lines, returns: Lines) -> None:
        """A month more."""
        size = len(self.first)
        net = np.bincount(sales.customer, sales.value, size) + np.bincount(returns.customer, returns.value, size)
        _, one_line_each = np.unique(sales.order, return_index=True)
        orders = np.bincount(sales.customer[one_line_each], minlength=size).astype(float)
        customer, day = np.divmod(np.unique(sales.customer * _DAYS + sales.second // _SECONDS_PER_DAY), _DAYS)
        np.fmin.at(self.first, customer, day)
        np.fmax.at(self.last, customer, day)
        self.order_days += np.bincount(customer, minlength=size)
        self.orders += orders
        self.months.append((net.astype(float), orders))


def snapshots(shop: Shop, chunk: int) -> Iterator[tuple[date, pd.DataFrame]]:
    """The chunk's customers after each month of the shop, as the features table has them: as_of, rows."""
    people = shop.population(chunk)
    history = _History.empty(len(people))
    late = None
    for age in range(shop.months):
        month = shop.first.plus(age)
        drawn = month_of_shop(people, age, month, returned_from_before=late, rng=shop.rng(_STREAM, chunk, age))
        late = drawn.returned_next_month
        history.add(drawn.sales, drawn.returns)
        yield month.as_of, _snapshot(people, history, age, month.as_of)


def _snapshot(people: Population, history: _History, age: int, as_of: date) -> pd.DataFrame:
    today = np.datetime64(as_of, "D").astype(np.int64)
    tenure = today - history.first
    gaps = np.where(history.order_days > 1.0, history.order_days - 1.0, np.nan)
    cities, countries, _ = zip(*CITIES, strict=True)
    columns: dict[str, object] = {
        "customer_id": people.ids,
        "signup_days": today - _signup_days(people, Month.of(as_of).plus(-1 - age)),
        "membership": np.array(MEMBERSHIPS, dtype=object)[people.membership],
        "city": np.array(cities, dtype=object)[people.city],
        "country": np.array(countries, dtype=object)[people.city],
        "first_ordered_on": _dates(history.first),
        "last_ordered_on": _dates(history.last),
        "orders_lifetime": history.orders,
        "order_days_lifetime": history.order_days,
        "net_value_lifetime": np.sum([value for value, _ in history.months], axis=0),
        "tenure_days": tenure,
        "recency_days": today - history.last,
        "orders_per_30d_lifetime": history.orders / tenure * 30.0,
        "gap_days_mean": (history.last - history.first) / gaps,
    }
    for lag in LAG_MONTHS:
        value, orders = history.months[-lag] if lag <= len(history.months) else (0.0, 0.0)
        columns |= {lag_name("net_value", lag): value, lag_name("orders", lag): orders}
    frame = pd.DataFrame(columns)
    return frame[people.signup_month <= age].reset_index(drop=True)


def _dates(days: Floats) -> npt.NDArray[np.datetime64]:
    result, known = np.full(len(days), "NaT", dtype="datetime64[ns]"), ~np.isnan(days)
    result[known] = days[known].astype(np.int64).astype("datetime64[D]")
    return result


def _signup_days(people: Population, first: Month) -> Floats:
    """The day each account was opened, since 1970."""
    months = range(int(people.signup_month.max()) + 2)
    starts = np.array([np.datetime64(str(first.plus(age)), "D").astype(np.int64) for age in months])
    length = np.diff(starts)
    return np.floor(starts[people.signup_month] + people.signup_share * length[people.signup_month])
