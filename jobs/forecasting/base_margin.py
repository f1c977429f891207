"""A customer's last twelve months without the season: the boosters' inputs, and the base models that they correct.

A month's season multiplies its expected value, so a purchase in a weak month counts for more. Months before the shop's
first are unknown (NaN) and do not enter sums and means.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from jobs.core.month import HORIZON_MONTHS, Month
from jobs.features.table import LAG_MONTHS
from jobs.forecasting.btyd import GammaGamma, ParetoNbd, Purchases
from jobs.forecasting.encoder import Customers, Floats
from jobs.forecasting.seasonality import Season

DAYS_PER_MONTH = 30.4375
_DAYS_PER_WEEK = 7.0
_SPANS = (1, 2, 3, 6, 12)
_LEAST_P, _MOST_P = 0.001, 0.995
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
    *(f"net_value_{lag}m_ago" for lag in LAG_MONTHS),
    *(f"orders_{lag}m_ago" for lag in LAG_MONTHS),
)
HORIZON_NAMES = (
    "horizon",
    "net_value_year_before",
    "orders_year_before",
    "p_active_start",
    "net_value_btyd",
    "net_value_own_year",
    "net_value_own_quarter",
)


@dataclass(frozen=True)
class BaseForecast:
    """The base forecasts of the first months taken together.

    Attributes:
        inputs: the inputs that change with their number (`HORIZON_NAMES`); amounts are those of a mean month.
        logs: logarithms of the forecasts of their net value; BTYD's is the first.
        season: sum of the months' factors on the net value.
        p: probability of an order in any of them.
    """

    inputs: NDArray[np.float32]
    logs: Floats
    season: float
    p: Floats

    @property
    def log_value(self) -> Floats:
        """Logarithm of the geometric mean of the forecasts of the net value."""
        return np.asarray(_sum(self.logs) / self.logs.shape[1])

    @property
    def log_btyd(self) -> Floats:
        """Logarithm of BTYD's forecast of the net value."""
        return self.logs[:, 0]


@dataclass(frozen=True)
class BaseModels:
    """The models that the boosters correct: a purchase and a spend model, customers' own means, and the seasons.

    Attributes:
        purchases: Pareto/NBD in weeks; its expected purchases of the months taken together start the activity model.
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
            *self._known(self.values).T,
            *self._known(self.orders).T,
        ]
        own = np.stack(columns, axis=1).astype(np.float32)
        return np.concatenate([self.customers.inputs, own], axis=1)

    def first(self, months: int) -> BaseForecast:
        """The base forecasts of the first `months` months."""
        models = self.base_models
        calendar = [Month.of(self.customers.as_of).plus(h) for h in range(months)]
        seasons = models.season.of_value(calendar)
        season = float(seasons.sum())
        expected = self._expected_purchases[:, :months]
        own = (self.shrunken_mean(self.values, models.value_mean, span) for span in (HORIZON_MONTHS, QUARTER))
        forecasts = np.stack([_sum(expected * seasons) / season * self.order_day_value(), *own], axis=1)
        a_month = np.maximum(forecasts, _LEAST_SHARE * models.value_mean)
        p = np.clip(-np.expm1(-_sum(expected * models.season.of_activity(calendar))), _LEAST_P, _MOST_P)
        year_before = slice(HORIZON_MONTHS - months, HORIZON_MONTHS)
        columns = [
            np.full(len(self.values), float(months)),
            _sum(self._known(self.values)[:, year_before]) / months,
            _sum(self._known(self.orders)[:, year_before]) / months,
            p,
            *a_month.T,
        ]
        return BaseForecast(np.stack(columns, axis=1).astype(np.float32), np.log(a_month * season), season, p)

    def active_months_if_any(self) -> Floats:
        """Months with an order up to each horizon month, of customers who have one, by Pareto/NBD; without season."""
        expected = self._expected_purchases
        return np.asarray(np.cumsum(-np.expm1(-expected), axis=1) / -np.expm1(-np.cumsum(expected, axis=1)))

    @cached_property
    def _expected_purchases(self) -> Floats:
        """Order days of each horizon month by Pareto/NBD, without season."""
        known, weeks = purchases(self.customers), DAYS_PER_MONTH / _DAYS_PER_WEEK
        model = self.base_models.purchases
        within = [model.purchases_if_alive(known, weeks * h) for h in range(HORIZON_MONTHS + 1)]
        each = np.diff(np.stack(within, axis=1), axis=1) * model.p_alive(known)[:, None]
        return np.maximum(each, _LEAST_PURCHASES)

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
