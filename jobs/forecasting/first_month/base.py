"""What the first month's boosters correct: the order days to expect of each month that follows, and their value.

- **Order days**: Pareto/NBD (`btyd.py`), fitted to the customers' orders up to `as_of`, read on day 30, in the shape
  of the cohort: if those who have lived through a month ordered more in it than expected, so will the others. A month
  that few or none have lived through keeps Pareto/NBD's share.
- **Value of an order day**: Gamma-Gamma, fitted to all of their orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.btyd import GammaGamma, ParetoNbd, Purchases
from jobs.forecasting.encoder import Floats
from jobs.forecasting.first_month.days import FIRST_DAYS, MONTH_ENDS
from jobs.forecasting.first_month.outcomes import FirstMonthOutcomes
from jobs.lake.tables import ALL_DEPARTMENTS

DAYS_PER_WEEK = 7.0
_PRIOR_CUSTOMERS = 50.0
"""How many customers Pareto/NBD's share of a month weighs."""
_LEAST_VALUE = 0.01


@dataclass(frozen=True)
class FirstMonthBase:
    """The fitted base models.

    Attributes:
        purchases: Pareto/NBD in weeks.
        spend: Gamma-Gamma value of an order day.
        shape: by month, factor on the order days that Pareto/NBD expects; the level stays.
    """

    purchases: ParetoNbd
    spend: GammaGamma
    shape: Sequence[float]

    @classmethod
    def fit(
        cls, features: pd.DataFrame, outcomes: FirstMonthOutcomes, histories: pd.DataFrame, as_of: date
    ) -> FirstMonthBase:
        """Fit to customers who have completed the first month.

        Args:
            features: `first_month_features`.
            outcomes: theirs.
            histories: `order_histories`, of any customers.
            as_of: the day the histories end before.
        """
        paid = histories[histories["net_value"] > 0.0]
        days = paid["order_days"].to_numpy(np.float64)
        purchases = ParetoNbd.fit(purchases_until(histories, as_of))
        spend = GammaGamma.fit(days, paid["net_value"].to_numpy(np.float64) / days)
        draft = cls(purchases, spend, [1.0] * HORIZON_MONTHS)
        return replace(draft, shape=_shape(draft.order_days(features), outcomes).tolist())

    def order_days(self, features: pd.DataFrame) -> Floats:
        """Expected order days of each month, one row a customer."""
        known = purchases_on_day_30(features)
        ahead = [self.purchases.expected_purchases(known, end / DAYS_PER_WEEK) for end in MONTH_ENDS]
        months: Floats = np.diff(np.stack(ahead, axis=1), axis=1, prepend=0.0)
        return np.asarray(months * np.asarray(self.shape))

    def order_day_value(self, features: pd.DataFrame) -> Floats:
        """Expected value of an order day, one a customer."""
        days = features["order_days_first_month"].to_numpy(np.float64)
        mean = np.maximum(features["net_value_first_month"].to_numpy(np.float64), 0.0) / days
        return np.maximum(self.spend.expected_value(days, mean), _LEAST_VALUE)


def purchases_on_day_30(features: pd.DataFrame) -> Purchases:
    """What Pareto/NBD knows of customers on day 30, in weeks."""
    return Purchases(
        repeats=features["order_days_first_month"].to_numpy(np.float64) - 1.0,
        last=features["last_order_day"].to_numpy(np.float64) / DAYS_PER_WEEK,
        age=np.full(len(features), FIRST_DAYS / DAYS_PER_WEEK),
    )


def purchases_until(histories: pd.DataFrame, as_of: date) -> Purchases:
    """What Pareto/NBD knows of `order_histories`, in weeks."""
    last, age = (
        (end - histories["first"]).dt.days.to_numpy(np.float64) / DAYS_PER_WEEK
        for end in (histories["last"], pd.Timestamp(as_of))
    )
    return Purchases(histories["order_days"].to_numpy(np.float64) - 1.0, last, age)


def order_histories(daily: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """What customers ordered before `as_of`, sorted by id: `order_days`, `first`, `last`, `net_value` of those days."""
    ordered = daily[(daily["department"] == ALL_DEPARTMENTS) & (daily["orders"] > 0)]
    ordered = ordered[ordered["ordered_on"] < pd.Timestamp(as_of)].sort_values(["customer_id", "ordered_on"])
    by_customer = ordered.groupby("customer_id", sort=True)
    return by_customer.agg(
        order_days=("ordered_on", "size"),
        first=("ordered_on", "min"),
        last=("ordered_on", "max"),
        net_value=("net_value", "sum"),
    )


def _shape(expected: Floats, outcomes: FirstMonthOutcomes) -> Floats:
    known = outcomes.matured
    actual = np.where(known, outcomes.orders, 0.0).sum(axis=0)
    base = np.where(known, expected, 0.0).sum(axis=0)
    if actual.sum() <= 0.0:
        return np.ones(HORIZON_MONTHS)
    prior = _PRIOR_CUSTOMERS * expected.mean(axis=0)
    return np.asarray((actual * base.sum() / actual.sum() + prior) / (base + prior))
