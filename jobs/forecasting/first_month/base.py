"""What the first month's boosters start from: three forecasts of each of the twelve months that follow.

- **BTYD**: Pareto/NBD and Gamma-Gamma (`btyd.py`), fitted to every customer's orders up to `as_of`, read on day 30.
- **Cohort**: what the average customer brought in that month, over all who have lived through it. A month that few or
  none have lived through leans on BTYD's curve, at the level of the months that are known.
- **Own**: the cohort's month in proportion to the customer's value of the first month.

`pool.py` weighs them; with a short history, where little speaks against it, nearly equally.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.base_margin import BaseForecast
from jobs.forecasting.btyd import GammaGamma, ParetoNbd, Purchases
from jobs.forecasting.encoder import Floats
from jobs.forecasting.first_month.days import FIRST_DAYS, MONTH_ENDS
from jobs.forecasting.first_month.outcomes import FirstMonthOutcomes
from jobs.lake.tables import ALL_DEPARTMENTS

HORIZON_NAMES = ("horizon", "p_active_start", "net_value_btyd", "net_value_cohort", "net_value_own")

_DAYS_PER_WEEK = 7.0
_PRIOR_CUSTOMERS = 50.0
"""How many customers BTYD's curve weighs in a month of the cohort."""
_PRIOR_FIRST_MONTHS = 1.0
"""How many average first months a customer's own is mixed with."""
_LEAST_P, _MOST_P = 0.001, 0.98
_LEAST_SHARE = 1e-3
_LEAST_VALUE = 0.01


@dataclass(frozen=True)
class FirstMonthBase:
    """The fitted base models.

    Attributes:
        purchases: Pareto/NBD in weeks.
        spend: Gamma-Gamma value of an order day.
        first_value: net value of the average first month.
        cohort: net value of the average customer in each of the twelve months.
    """

    purchases: ParetoNbd
    spend: GammaGamma
    first_value: float
    cohort: Sequence[float]

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
        purchases = ParetoNbd.fit(_purchases(histories, as_of))
        spend = GammaGamma.fit(days, paid["net_value"].to_numpy(np.float64) / days)
        first_value = max(float(features["net_value_first_month"].mean()), _LEAST_VALUE)
        draft = cls(purchases, spend, first_value, [1.0] * HORIZON_MONTHS)
        return cls(purchases, spend, first_value, _cohort(draft.btyd(features), outcomes).tolist())

    def btyd(self, features: pd.DataFrame) -> Floats:
        """BTYD's net value of each month, one row a customer."""
        days = features["order_days_first_month"].to_numpy(np.float64)
        mean = np.maximum(features["net_value_first_month"].to_numpy(np.float64), 0.0) / days
        return self.order_days(features) * self.spend.expected_value(days, mean)[:, None]

    def order_days(self, features: pd.DataFrame) -> Floats:
        """BTYD's order days of each month, one row a customer."""
        known = Purchases(
            repeats=features["order_days_first_month"].to_numpy(np.float64) - 1.0,
            last=features["last_order_day"].to_numpy(np.float64) / _DAYS_PER_WEEK,
            age=np.full(len(features), FIRST_DAYS / _DAYS_PER_WEEK),
        )
        ahead = [self.purchases.expected_purchases(known, end / _DAYS_PER_WEEK) for end in MONTH_ENDS]
        until = np.stack(ahead, axis=1)
        return np.diff(until, axis=1, prepend=0.0)


@dataclass(frozen=True)
class FirstMonths:
    """Customers as the boosters read them.

    Attributes:
        encoded: their inputs, one row a customer.
        features: `first_month_features`.
        base: the base models.
    """

    encoded: NDArray[np.float32]
    features: pd.DataFrame
    base: FirstMonthBase

    @property
    def values(self) -> Floats:
        """Net value of the first month, one a customer."""
        return self.features["net_value_first_month"].to_numpy(np.float64)

    def months(self) -> list[BaseForecast]:
        """The base forecasts of all twelve months."""
        base, cohort = self.base, np.asarray(self.base.cohort)
        own = np.maximum(self.values, 0.0) / base.first_value
        own = (own + _PRIOR_FIRST_MONTHS) / (1.0 + _PRIOR_FIRST_MONTHS)
        order_days, btyd = base.order_days(self.features), base.btyd(self.features)
        p = np.clip(-np.expm1(-order_days), _LEAST_P, _MOST_P)
        months = []
        for column in range(HORIZON_MONTHS):
            average = np.full(len(own), cohort[column])
            forecasts = [np.maximum(btyd[:, column], _LEAST_SHARE * average), average, own * average]
            columns = [np.full(len(own), column + 1.0), p[:, column], *forecasts]
            months.append(
                BaseForecast(
                    inputs=np.stack(columns, axis=1).astype(np.float32),
                    logs=np.log(np.stack(forecasts, axis=1)),
                    season=1.0,
                    p=p[:, column],
                )
            )
        return months


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


def _purchases(histories: pd.DataFrame, as_of: date) -> Purchases:
    last, age = (
        (end - histories["first"]).dt.days.to_numpy(np.float64) / _DAYS_PER_WEEK
        for end in (histories["last"], pd.Timestamp(as_of))
    )
    return Purchases(histories["order_days"].to_numpy(np.float64) - 1.0, last, age)


def _cohort(btyd: Floats, outcomes: FirstMonthOutcomes) -> Floats:
    known = outcomes.matured
    value = np.where(known, outcomes.value, 0.0).sum(axis=0)
    curve = btyd.mean(axis=0)
    told = np.where(known, btyd, 0.0).sum()
    level = max(float(value.sum()), 0.0) / told if told > 0.0 and value.sum() > 0.0 else 1.0
    prior = _PRIOR_CUSTOMERS * level * curve
    return np.asarray((np.maximum(value, 0.0) + prior) / (known.sum(axis=0) + _PRIOR_CUSTOMERS))
