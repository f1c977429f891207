"""A customer's last twelve months without the season: the boosters' inputs, and the base models that they correct.

Everything here is per customer and month; a month's season multiplies its expected value, so a purchase in a weak
month counts for more. Months before the shop's first are unknown (NaN) and do not enter sums and means.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from jobs.core.month import HORIZON_MONTHS, Month
from jobs.forecasting.btyd import GammaGamma, ParetoNbd, Purchases
from jobs.forecasting.encoder import Customers, Floats
from jobs.forecasting.seasonality import Season

DAYS_PER_MONTH = 30.4375
_DAYS_PER_WEEK = 7.0
_SPANS = (1, 2, 3, 6, 12)
_LEAST_P, _MOST_P = 0.001, 0.98
_LEAST_PURCHASES = 1e-5
_LEAST_SHARE = 1e-3
QUARTER = 3

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
    "net_value_btyd",
    "net_value_own_year",
    "net_value_own_quarter",
)


@dataclass(frozen=True)
class BaseForecast:
    """The base forecasts of a horizon month.

    Attributes:
        inputs: the inputs that change with it (`HORIZON_NAMES`).
        logs: logarithms of the forecasts of its net value that are pooled, without season; BTYD's is the first.
        season: factor of the month on the net value.
        p: P(active).
    """

    inputs: NDArray[np.float32]
    logs: Floats
    season: float
    p: Floats


@dataclass(frozen=True)
class BaseModels:
    """The models that the boosters correct: a purchase and a spend model, customers' own means, and the seasons.

    Attributes:
        purchases: Pareto/NBD in weeks; its expected purchases of a month start the activity model.
        spend: Gamma-Gamma value of an order day.
        season: strength of the calendar months.
        value_mean: net value of the average customer-month.
        prior_months: how many months of the average customer are mixed into each customer's own.
    """

    purchases: ParetoNbd
    spend: GammaGamma
    season: Season
    value_mean: float
    prior_months: float

    def history(self, customers: Customers) -> History:
        """The season-adjusted months of each customer."""
        newest = Month.before(customers.as_of)
        months = [newest.plus(-lag) for lag in range(HORIZON_MONTHS)]
        return History(
            customers=customers,
            base_models=self,
            values=customers.values / self.season.of_value(months),
            orders=customers.orders / self.season.of_activity(months),
        )


@dataclass(frozen=True)
class History:
    """The season-adjusted months of some customers, newest first."""

    customers: Customers
    base_models: BaseModels
    values: Floats
    orders: Floats

    def inputs(self) -> NDArray[np.float32]:
        """One row a customer: the snapshot's inputs, then `NAMES`."""
        active = (self.customers.orders > 0).astype(float)
        known = self.known_months
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

    def month(self, horizon: int) -> BaseForecast:
        """The base forecasts of a horizon month."""
        calendar_month = Month.of(self.customers.as_of).plus(horizon - 1)
        season = self.base_models.season
        of_value, of_activity = season.of_value([calendar_month])[0], season.of_activity([calendar_month])[0]
        expected = self._expected_purchases(horizon)
        forecasts = [
            np.maximum(expected * self.order_day_value(), _LEAST_SHARE * self.base_models.value_mean),
            self.shrunken_mean(self.values, self.base_models.value_mean, HORIZON_MONTHS),
            self.shrunken_mean(self.values, self.base_models.value_mean, QUARTER),
        ]
        logs = np.log(np.stack(forecasts, axis=1))
        p = np.clip(1.0 - np.exp(-expected * of_activity), _LEAST_P, _MOST_P)
        year_before = HORIZON_MONTHS - horizon
        around = np.arange(max(year_before - 1, 0), min(year_before + 2, HORIZON_MONTHS))
        columns = [
            np.full(len(self.values), float(horizon)),
            self._known(self.values)[:, year_before],
            self._known(self.orders)[:, year_before],
            _sum(self._known(self.values)[:, around]) / len(around),
            p,
            *forecasts,
        ]
        return BaseForecast(np.stack(columns, axis=1).astype(np.float32), logs, float(of_value), p)

    def _expected_purchases(self, horizon: int) -> Floats:
        """Order days of a horizon month by Pareto/NBD, without season."""
        weeks = DAYS_PER_MONTH / _DAYS_PER_WEEK
        ahead = self._purchases_within(horizon * weeks)
        if horizon > 1:
            ahead = ahead - self._purchases_within((horizon - 1) * weeks)
        return np.maximum(ahead, _LEAST_PURCHASES)

    def _purchases_within(self, weeks: float) -> Floats:
        known = purchases(self.customers)
        return self._p_alive * self.base_models.purchases.purchases_if_alive(known, weeks)

    @cached_property
    def _p_alive(self) -> Floats:
        return self.base_models.purchases.p_alive(purchases(self.customers))

    def order_day_value(self) -> Floats:
        """Value of a customer's next order day, by Gamma-Gamma."""
        days = self.customers.order_days
        mean = np.maximum(self.customers.net_value, 0.0) / np.maximum(days, 1.0)
        return self.base_models.spend.expected_value(days, mean)

    def shrunken_mean(self, figures: Floats, average: float, months: int) -> Floats:
        """The mean of the customer's newest months, mixed with the average customer's."""
        prior, known = self.base_models.prior_months, min(months, self.known_months)
        total = np.maximum(_sum(np.nan_to_num(figures[:, :known])), 0.0)
        return np.asarray((total + prior * average) / (known + prior))

    def _known(self, months: Floats) -> Floats:
        """The months, those before the shop's first replaced by the mean of the others."""
        mean = _sum(np.nan_to_num(months)) / self.known_months
        return np.where(np.isnan(months), mean[:, None], months)

    @property
    def known_months(self) -> int:
        """How many of the twelve months the shop has data of."""
        return max(int((~np.isnan(self.customers.values[:1])).sum()), 1)


def purchases(customers: Customers) -> Purchases:
    """What Pareto/NBD needs to know of customers who bought, in weeks."""
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
    """Mean of the newest `span` months, as far as they are known: an unknown month must not reveal the date."""
    return _sum(months[:, : min(span, known)]) / min(span, known)
