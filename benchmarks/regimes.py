"""Simulated shops with a known truth, one a regime: what a forecaster meets that our own simulator does not draw.

A customer's orders are a renewal process with Gamma distributed gaps (Platzer and Reutterer 2016, "Ticking Away the
Moments: Timing Regularity Helps to Better Predict Customer Activity", Marketing Science 35(5)): a regularity of 1 is a
Poisson process, above 1 a habit, below 1 clumps. The truth is the mean of many futures drawn from the customer's state.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.core.month import HORIZON_MONTHS, Month
from jobs.forecasting.encoder import Floats

FIRST = Month(2021, 1)
MONTHS = 60
"""Months of data."""

_BEFORE = 24
"""Months that the shop has been open before its data begin."""
_FUTURES = 100
_SEED = 14


@dataclass(frozen=True, kw_only=True)
class Regime:
    """How a shop's customers behave.

    Attributes:
        customers: how many, over all months.
        orders_monthly: mean intensity of a customer's orders.
        spread: variance of the intensities, over their squared mean.
        regularity: Gamma shape of the gaps between orders.
        leaving: probability of leaving in a month, on average.
        returning: probability that somebody who left comes back in a month.
        one_time: share of the customers who never order again.
        joining_yearly: growth of the number of new customers in a year.
        ordering_yearly: growth of everybody's intensity in a year.
        season: amplitude of the intensity over the year.
        yearly: whether all orders of a customer fall into the month of the year in which it joined.
        value: mean value of an order.
        value_between: standard deviation of log value between customers.
        value_within: standard deviation of log value between a customer's orders.
        large: share of the orders that are `large_multiple` times larger.
        large_multiple: see `large`.
        breaks_at: month in which the intensity changes, counted from the first.
        breaks_by: the factor of that change.
    """

    customers: int = 4_000
    orders_monthly: float = 0.4
    spread: float = 1.0
    regularity: float = 1.0
    leaving: float = 0.03
    returning: float = 0.0
    one_time: float = 0.0
    joining_yearly: float = 0.0
    ordering_yearly: float = 0.0
    season: float = 0.2
    yearly: bool = False
    value: float = 50.0
    value_between: float = 0.6
    value_within: float = 0.5
    large: float = 0.0
    large_multiple: float = 1.0
    breaks_at: int = MONTHS
    breaks_by: float = 1.0


REGIMES = {
    "steady": Regime(regularity=3.0, leaving=0.005, spread=0.3, season=0.0),
    "growing": Regime(joining_yearly=0.3),
    "shrinking": Regime(joining_yearly=-0.3, ordering_yearly=-0.2),
    "large_orders": Regime(orders_monthly=0.15, large=0.02, large_multiple=40.0, leaving=0.01),
    "one_time": Regime(one_time=0.97, customers=12_000),
    "yearly": Regime(orders_monthly=1.0 / 12.0, spread=0.01, regularity=60.0, yearly=True, leaving=0.015),
    "memberships": Regime(
        orders_monthly=1.0, spread=0.0, regularity=400.0, value_within=0.05, season=0.0, leaving=0.05
    ),
    "break": Regime(breaks_at=45, breaks_by=0.6),
    "heavy_tails": Regime(value_between=1.5, value_within=1.0),
    "clumpy": Regime(regularity=0.3, leaving=0.02, returning=0.05),
    "sleepers": Regime(leaving=0.08, returning=0.04, spread=0.5),
}


@dataclass(frozen=True)
class _People:
    """The customers, and their state: one array entry each."""

    joined: NDArray[np.int64]
    joined_at: Floats
    intensity: Floats
    leaving: Floats
    own_month: NDArray[np.int64]
    value: Floats
    is_here: NDArray[np.bool_]
    until_order: Floats

    def __len__(self) -> int:
        return len(self.joined)

    def take(self, rows: NDArray[np.intp]) -> _People:
        return _People(**{name: column[rows] for name, column in vars(self).items()})


@dataclass(frozen=True)
class _Orders:
    """The orders of a month: who, and when, as a share of the month."""

    customer: NDArray[np.intp]
    at: Floats


def write(name: str, folder: Path, *, origins: list[Month]) -> Path:
    """Write a regime's transactions and the truth of each origin; the path of the transactions."""
    regime, rng = REGIMES[name], np.random.default_rng((_SEED, zlib.crc32(name.encode())))
    people, parts = _joining(regime, rng), []
    for age in range(-_BEFORE, MONTHS):
        month = FIRST.plus(age)
        if month in origins:
            truth = folder / "truth" / f"as_of={month.first_day}.parquet"
            truth.parent.mkdir(parents=True, exist_ok=True)
            _truth(regime, people, age).to_parquet(truth, index=False)
        orders, people = _month(regime, people, age, rng)
        if age >= 0:
            parts.append(_delivered(regime, people, orders, month, rng))
    path = folder / "transactions.parquet"
    pd.concat(parts, ignore_index=True).to_parquet(path, index=False)
    return path


def _joining(regime: Regime, rng: np.random.Generator) -> _People:
    ages = np.arange(-_BEFORE, MONTHS)
    weight = (1.0 + regime.joining_yearly) ** (ages / 12.0)
    size = regime.customers
    joined = np.sort(rng.choice(ages, size, p=weight / weight.sum()))
    intensity = np.full(size, regime.orders_monthly)
    if regime.spread:
        intensity = rng.gamma(1.0 / regime.spread, regime.orders_monthly * regime.spread, size)
    leaving = rng.beta(2.0, 2.0 / regime.leaving - 2.0, size)
    between = regime.value_between
    return _People(
        joined=joined,
        joined_at=rng.random(size),
        intensity=intensity,
        leaving=np.where(rng.random(size) < regime.one_time, 1.0, leaving),
        own_month=joined % 12,
        value=regime.value * np.exp(between * rng.standard_normal(size) - between**2 / 2.0),
        is_here=np.ones(size, dtype=np.bool_),
        # Half a gap: the orders of the years to come lie in the middle of the month, and stay in it.
        until_order=_gaps(regime, size, rng) * (0.5 if regime.yearly else 1.0),
    )


def _gaps(regime: Regime, size: int, rng: np.random.Generator) -> Floats:
    return rng.gamma(regime.regularity, 1.0 / regime.regularity, size)


def _month(regime: Regime, people: _People, age: int, rng: np.random.Generator) -> tuple[_Orders, _People]:
    """The orders of a month, and the customers after it."""
    present = np.where(people.joined == age, 1.0 - people.joined_at, people.joined < age) * people.is_here
    pace = people.intensity * present * _pace(regime, people, age)
    until, passed = people.until_order.copy(), np.zeros(len(people))
    customer, at = [np.flatnonzero(people.joined == age)], [people.joined_at[people.joined == age]]
    due = np.flatnonzero(until <= pace)
    while len(due):
        passed[due] += until[due]
        customer.append(due)
        at.append(1.0 - present[due] * (1.0 - passed[due] / pace[due]))
        until[due] = _gaps(regime, len(due), rng)
        due = due[until[due] <= pace[due] - passed[due]]
    stays = rng.random(len(people)) >= np.where(people.joined <= age, people.leaving, 0.0)
    comes_back = (rng.random(len(people)) < regime.returning) & (people.leaving < 1.0)
    after = replace(people, is_here=np.where(people.is_here, stays, comes_back), until_order=until - (pace - passed))
    return _Orders(np.concatenate(customer), np.concatenate(at)), after


def _pace(regime: Regime, people: _People, age: int) -> Floats | float:
    """The factor on the intensities in a month."""
    factor: float = (1.0 + regime.ordering_yearly) ** (age / 12.0)
    factor *= 1.0 + regime.season * np.cos(2.0 * np.pi * (age % 12 - 11.0) / 12.0)
    factor *= regime.breaks_by if age >= regime.breaks_at else 1.0
    if not regime.yearly:
        return factor
    return np.asarray(factor * 12.0 * ((people.own_month == age % 12) & (people.joined != age)))


def _delivered(
    regime: Regime, people: _People, orders: _Orders, month: Month, rng: np.random.Generator
) -> pd.DataFrame:
    """The orders as a shop would deliver them."""
    within, size = regime.value_within, len(orders.customer)
    value = people.value[orders.customer] * np.exp(within * rng.standard_normal(size) - within**2 / 2.0)
    value *= np.where(rng.random(size) < regime.large, regime.large_multiple, 1.0)
    days = (month.as_of - month.first_day).days
    at = pd.Timestamp(month.first_day) + pd.to_timedelta((orders.at * days * 86_400).astype(np.int64), unit="s")
    rows = pd.DataFrame(
        {"customer_id": _ids(orders.customer), "ordered_at": at, "amount": np.maximum(value.round(2), 0.01)}
    ).sort_values(["ordered_at", "customer_id"], kind="stable", ignore_index=True)
    rows["order_id"] = [f"{month}-{number}" for number in range(size)]
    return rows


def _truth(regime: Regime, people: _People, age: int) -> pd.DataFrame:
    """Expected value of the next twelve months of everybody who has joined before a month."""
    known = np.flatnonzero(people.joined < age)
    rng = np.random.default_rng((_SEED, age, zlib.crc32(repr(regime).encode())))
    futures = people.take(np.tile(known, _FUTURES))
    columns: dict[str, object] = {"customer_id": _ids(known)}
    value = people.value[known] * (1.0 + regime.large * (regime.large_multiple - 1.0))
    for h in range(HORIZON_MONTHS):
        orders, futures = _month(regime, futures, age + h, rng)
        count = np.bincount(orders.customer % len(known), minlength=len(known))
        columns[f"expected_{h + 1:02d}"] = count / _FUTURES * value
    return pd.DataFrame(columns)


def _ids(customer: NDArray[np.intp]) -> NDArray[np.object_]:
    return np.array([f"C{number:06d}" for number in customer], dtype=object)
