"""The out-of-time comparison of forecasts on day 30: customers whose first month ended after the models were fitted.

A model fitted as of an origin forecasts everybody who completed the first month from then on and has lived through the
months that are compared. Nobody is forecast by a model that has seen a day after it was forecast for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from jobs.core.month import HORIZON_MONTHS, Month
from jobs.forecasting.bootstrap import BacktestOrigin
from jobs.forecasting.champion_challenger import CHALLENGER, OPPONENT
from jobs.forecasting.encoder import Floats
from jobs.forecasting.first_month.baselines import FirstMonth, forecasts
from jobs.forecasting.first_month.days import completed_between, first_orders, months_matured
from jobs.forecasting.first_month.features import first_month_features
from jobs.forecasting.first_month.forecaster import FirstMonthForecaster
from jobs.forecasting.first_month.outcomes import FirstMonthOutcomes
from jobs.forecasting.metrics import interval_metrics, value_metrics

OURS = "first_month"

_MOST_MONTHS = HORIZON_MONTHS * 3 // 2


def holdout_origin(first: Month, as_of: date) -> date | None:
    """The day that the holdout model is fitted as of: the middle of the history, 18 months ago at the earliest.

    Args:
        first: the first month of the data.
        as_of: first day after the last one.

    Returns:
        None if there are fewer than four months, so that none is left to be compared.
    """
    behind = min(_MOST_MONTHS, first.months_until(Month.of(as_of)) // 2)
    return Month.of(as_of).plus(-behind).first_day if behind > 1 else None


@dataclass(frozen=True)
class Holdout:
    """Whom the holdout models forecast, and what these customers did.

    Attributes:
        origin: the models have seen nothing of this day or later.
        months: how many of the twelve months are compared: two thirds of the time since the origin.
        features: `first_month_features`.
        actual: net value of these months, one a customer.
        baselines: the simple forecasts by name, one entry a customer.
    """

    origin: date
    months: int
    features: pd.DataFrame
    actual: Floats
    baselines: Mapping[str, Floats]

    @classmethod
    def read(cls, daily: pd.DataFrame, profiles: pd.DataFrame | None, *, origin: date, as_of: date) -> Holdout:
        """Read the customers from the daily table; nothing that happened on or after `as_of` is looked at."""
        months = Month.of(origin).months_until(Month.of(as_of)) * 2 // 3
        known = daily[daily["ordered_on"] < pd.Timestamp(as_of)]
        until = Month.of(as_of).plus(-months).first_day
        first = completed_between(first_orders(known, until), origin, until)
        first = first[months_matured(first, as_of) >= months]
        features = first_month_features(known, profiles, first)
        before = known[known["ordered_on"] < pd.Timestamp(origin)]
        return cls(
            origin=origin,
            months=months,
            features=features,
            actual=FirstMonthOutcomes.read(known, first, as_of).value[:, :months].sum(axis=1),
            baselines={} if features.empty else forecasts(FirstMonth(before, features, origin, months)),
        )

    def compared(
        self, challenger: FirstMonthForecaster, opponent: FirstMonthForecaster | None = None
    ) -> list[BacktestOrigin]:
        """Every candidate's forecasts as the gate takes them; empty if nobody can be compared.

        Raises:
            ValueError: a forecaster was fitted after the origin.
        """
        candidates = {CHALLENGER: challenger} | ({} if opponent is None else {OPPONENT: opponent})
        for name, forecaster in candidates.items():
            if forecaster.as_of > self.origin:
                raise ValueError(f"the {name}, fitted as of {forecaster.as_of}, has seen days after {self.origin}")
        if self.features.empty:
            return []
        ours = {name: self._value(forecaster) for name, forecaster in candidates.items()}
        ids = self.features["customer_id"].to_numpy(dtype=object)
        return [BacktestOrigin(self.months, ids, self.actual, ours | dict(self.baselines))]

    def metrics(self, forecaster: FirstMonthForecaster) -> dict[str, dict[str, float]]:
        """Candidate → metric → value; empty if nobody can be compared."""
        if self.features.empty:
            return {}
        outlook = forecaster.model.expect(self.features).outlook(self.months)
        lower, upper = forecaster.intervals.of(outlook, self.months)
        candidates = {OURS: outlook.value} | dict(self.baselines)
        metrics = {name: value_metrics(self.actual, value) for name, value in candidates.items()}
        metrics[OURS] |= interval_metrics(self.actual, outlook.value, lower, upper)
        return metrics

    def _value(self, forecaster: FirstMonthForecaster) -> Floats:
        return np.asarray(forecaster.model.expect(self.features).outlook(self.months).value)
