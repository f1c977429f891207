"""A customer's last twelve months, with the season taken out: what the boosters see, and where they start from.

Everything here is per customer and month; a month's season multiplies what is expected in it, so a purchase in a weak
month counts for more. Months before the shop's first are unknown (NaN) and leave no trace in sums and means.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.forecasting.btyd import BgNbd, Purchases
from jobs.forecasting.inputs import Customers, Floats
from jobs.forecasting.season import Season
from jobs.month import HORIZON_MONTHS, Month

DAYS_PER_MONTH = 30.4375
_DAYS_PER_WEEK = 7.0
_SPANS = (1, 2, 3, 6, 12)
_LEAST_P, _MOST_P = 0.001, 0.98
_LEAST_PURCHASES = 1e-5

NAMES = (
    *(f"net_value_mean_{months}m" for months in _SPANS),
    *(f"orders_mean_{months}m" for months in _SPANS),
    *(f"active_months_{months}m" for months in _SPANS),
    "active_share_since_first",
    "orders_mean_since_first",
    "net_value_mean_since_first",
    "net_value_month_max",
    "net_value_last_active_month",
)
HORIZON_NAMES = (
    "horizon",
    "net_value_year_before",
    "orders_year_before",
    "net_value_around_year_before",
    "p_active_start",
    "net_value_start",
)


@dataclass(frozen=True)
class MonthStart:
    """A horizon month before boosting: the inputs that change with it (`HORIZON_NAMES`), P(active), net value."""

    inputs: NDArray[np.float32]
    p: Floats
    value: Floats


@dataclass(frozen=True)
class Start:
    """Where the boosters start from: a purchase model, the average customer's month, and the seasons.

    Attributes:
        purchases: BG/NBD in weeks; its expected purchases of a month start the activity model.
        season: strength of the calendar months.
        value_mean: net value of the average customer-month.
        prior_months: how many months of the average customer each customer's own are mixed with.
    """

    purchases: BgNbd
    season: Season
    value_mean: float
    prior_months: float

    def history(self, customers: Customers) -> History:
        """The season-adjusted months of each customer."""
        newest = Month.before(customers.as_of)
        months = [newest.plus(-lag) for lag in range(HORIZON_MONTHS)]
        return History(
            customers=customers,
            start=self,
            values=customers.values / self.season.of_value(months),
            orders=customers.orders / self.season.of_activity(months),
        )


@dataclass(frozen=True)
class History:
    """The season-adjusted months of some customers, newest first."""

    customers: Customers
    start: Start
    values: Floats
    orders: Floats

    def inputs(self) -> NDArray[np.float32]:
        """One row a customer: the snapshot's inputs, then `NAMES`."""
        active = (self.customers.orders > 0).astype(float)
        known = self._known_months
        tenure_months = np.nan_to_num(self.customers.tenure_days) / DAYS_PER_MONTH
        exposure = np.clip(tenure_months, 1.0, known)
        values, orders = np.nan_to_num(self.values), np.nan_to_num(self.orders)
        newest_active = values[np.arange(len(values)), active.argmax(axis=1)]
        columns = [
            *(_mean(values, span, known) for span in _SPANS),
            *(_mean(orders, span, known) for span in _SPANS),
            *(_mean(active, span, known) * span for span in _SPANS),
            _sum(active) / exposure,
            _sum(orders) / exposure,
            _sum(values) / exposure,
            values.max(axis=1),
            np.where(active.any(axis=1), newest_active, np.nan),
        ]
        own = np.stack(columns, axis=1).astype(np.float32)
        return np.concatenate([self.customers.inputs, own], axis=1)

    def month(self, horizon: int) -> MonthStart:
        """Where the boosters start from in a horizon month."""
        year_before = HORIZON_MONTHS - horizon
        around = np.arange(max(year_before - 1, 0), min(year_before + 2, HORIZON_MONTHS))
        p, value = self._p_active(horizon), self._value(horizon)
        columns = [
            np.full(len(self.values), float(horizon)),
            self.values[:, year_before],
            self.orders[:, year_before],
            _sum(self.values[:, around]) / len(around),
            p,
            value,
        ]
        return MonthStart(np.stack(columns, axis=1).astype(np.float32), p, value)

    def _p_active(self, horizon: int) -> Floats:
        """P(active) by BG/NBD, with the month's season."""
        weeks = DAYS_PER_MONTH / _DAYS_PER_WEEK
        known, model = purchases(self.customers), self.start.purchases
        ahead = model.expected_purchases(known, horizon * weeks)
        if horizon > 1:
            ahead = ahead - model.expected_purchases(known, (horizon - 1) * weeks)
        season = self.start.season.of_activity([self._calendar_month(horizon)])[0]
        p = 1.0 - np.exp(-np.maximum(ahead, _LEAST_PURCHASES) * season)
        return np.asarray(np.clip(p, _LEAST_P, _MOST_P))

    def _value(self, horizon: int) -> Floats:
        """The customer's mean month, mixed with the average customer's, times the month's season."""
        prior = self.start.prior_months
        spent = np.maximum(_sum(np.nan_to_num(self.values)), 0.0)
        mean = (spent + prior * self.start.value_mean) / (self._known_months + prior)
        return np.asarray(mean * self.start.season.of_value([self._calendar_month(horizon)])[0])

    def _calendar_month(self, horizon: int) -> Month:
        return Month.of(self.customers.as_of).plus(horizon - 1)

    @property
    def _known_months(self) -> int:
        return max(int((~np.isnan(self.customers.values[:1])).sum()), 1)


def purchases(customers: Customers) -> Purchases:
    """What BG/NBD needs to know of customers who bought, in weeks."""
    age = np.nan_to_num(customers.tenure_days) / _DAYS_PER_WEEK
    silent = np.nan_to_num(customers.recency_days) / _DAYS_PER_WEEK
    return Purchases(np.maximum(customers.order_days - 1.0, 0.0), np.maximum(age - silent, 0.0), age)


def _sum(months: Floats) -> Floats:
    """Row sums by adding column after column, so that a row's sum does not depend on how many rows there are."""
    total = np.zeros(len(months))
    for column in range(months.shape[1]):
        total = total + months[:, column]
    return total


def _mean(months: Floats, span: int, known: int) -> Floats:
    """Mean of the newest `span` months; NaN where not all of them are known."""
    if span > known:
        return np.full(len(months), np.nan)
    return _sum(months[:, :span]) / span
