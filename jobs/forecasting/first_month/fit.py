"""Fit the first month's model to the daily table: what customers did after their first month, as far as it is over.

Forecasts of customers whom the boosters had not seen (folds by customer) tell the level, the frailty and the intervals.
Folds, not months held back: so few customers complete a first month that none can be spared, and their outcomes take a
year.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.encoder import InputError
from jobs.forecasting.first_month.base import FirstMonthBase, order_histories
from jobs.forecasting.first_month.bias_correction import fit_bias_correction
from jobs.forecasting.first_month.correction import Correction
from jobs.forecasting.first_month.days import completed, first_orders
from jobs.forecasting.first_month.encoder import ORDERS_INPUTS, VALUE_INPUTS
from jobs.forecasting.first_month.features import first_month_features
from jobs.forecasting.first_month.forecaster import FirstMonthForecaster
from jobs.forecasting.first_month.model import FirstMonthExpectation, FirstMonthModel
from jobs.forecasting.first_month.outcomes import FirstMonthOutcomes
from jobs.forecasting.first_month.reasons import effects
from jobs.forecasting.frailty import fit_shape
from jobs.forecasting.intervals import Intervals
from jobs.forecasting.params import ModelParams
from jobs.forecasting.reasons import percentiles

PARAMS = ModelParams(
    rounds=60, learning_rate=0.05, max_depth=2, activity_leaf=100.0, activity_l2=100.0, column_share=0.7
)
"""Fewer, shallower and more cautious trees than the standard model's: new customers are few. `activity_leaf` and
`activity_l2` hold for both boosters, in orders. Chosen on simulated shops; on them, with years of history, depths of 1
to 3, and leaves and penalties from 40 to 300, moved the Gini by less than 0.002; with five months of it, smaller leaves
lost 0.01."""

FOLDS = 3
LEAST_CUSTOMERS, LEAST_ORDERED = 100, 30
"""Customers with a month after the first one, and those of them who ordered, below which nothing is learned."""

_BURN_IN_DAYS = 180
"""Most days left out at the start, when old customers' first orders since the data begin look like first orders."""
_LEAST_CALIBRATION, _LEAST_MONTHS = 200, 2
_USUAL_FRAILTY = 0.5
"""That of simulated shops."""
_LEAST_UNIT = 0.01
_NO_TOTALS = [0.0]
"""No interval of a total is offered: folds by customer cannot tell the error that all customers share."""


def fit_first_month(
    daily: pd.DataFrame,
    profiles: pd.DataFrame | None,
    *,
    as_of: date,
    opened: date | None = None,
    params: ModelParams = PARAMS,
) -> FirstMonthForecaster:
    """Learn from every customer who had lived through a month after the first one at `as_of`.

    Args:
        daily: rows of the daily table, `ordered_on` as datetime64, its numbers as float.
        profiles: as in `first_month_features`.
        as_of: what happened on or after this day is not looked at.
        opened: the first day of the shop's data, of which `daily` may hold only the newest; None: that of `daily`.
        params: the settings.

    Raises:
        InputError: fewer than `LEAST_CUSTOMERS` have, fewer than `LEAST_ORDERED` ordered, or they brought nothing.
    """
    learned = Learned.of(daily, profiles, as_of, opened)
    outcomes, held_out = learned.outcomes, _held_out(learned, params)
    level = _level(outcomes, held_out, params)
    held_out = replace(held_out, value=held_out.value * level)
    frailty, intervals = _spread(outcomes, held_out, params.coverage)
    model = replace(_model(learned, params), level=level, frailty=frailty)
    found = effects(model, learned.features)
    return FirstMonthForecaster(
        as_of=as_of,
        model=model,
        intervals=intervals,
        matured=int(outcomes.matured[:, -1].sum()),
        typical=found.mean(axis=0).tolist(),
        percentiles=percentiles(found - found.mean(axis=0)),
    )


@dataclass(frozen=True)
class Learned:
    """What is learned from.

    Attributes:
        features: of customers who had completed the first month, sorted by id.
        outcomes: theirs.
        base: the base models; they have a dozen numbers, so they are not fitted again for each fold.
    """

    features: pd.DataFrame
    outcomes: FirstMonthOutcomes
    base: FirstMonthBase

    @classmethod
    def of(cls, daily: pd.DataFrame, profiles: pd.DataFrame | None, as_of: date, opened: date | None = None) -> Learned:
        """Read what happened before `as_of`; raises InputError where that is too little."""
        known = daily[daily["ordered_on"] < pd.Timestamp(as_of)]
        first = completed(_after_burn_in(first_orders(known, as_of), as_of, opened), as_of)
        outcomes = FirstMonthOutcomes.read(known, first, as_of)
        matured = outcomes.matured
        seen, ordered = int(matured[:, 0].sum()), int((outcomes.orders > 0.0).any(axis=1).sum())
        if seen < LEAST_CUSTOMERS or ordered < LEAST_ORDERED or outcomes.value[matured].sum() <= 0.0:
            raise InputError(
                f"{seen} customers had a month after their first one before {as_of}, and {ordered} of them ordered in "
                f"it or later: {LEAST_CUSTOMERS} and {LEAST_ORDERED} are needed, and some value"
            )
        features = first_month_features(known, profiles, first)
        histories = order_histories(known, as_of)
        histories = histories.loc[histories["first"] >= first.min()]
        return cls(features, outcomes, FirstMonthBase.fit(features, outcomes, histories, as_of))

    @property
    def fold(self) -> NDArray[np.int64]:
        """The fold of each customer, by its id alone."""
        return np.array([zlib.crc32(str(name).encode()) % FOLDS for name in self.features["customer_id"]])

    def take(self, chosen: NDArray[np.bool_]) -> Learned:
        """Some of the customers."""
        features = self.features[chosen].reset_index(drop=True)
        return Learned(features, self.outcomes.take(chosen), self.base)


def _model(learned: Learned, params: ModelParams) -> FirstMonthModel:
    """The model, its level as it is learned."""
    matured = learned.outcomes.matured
    expected = np.where(matured, learned.base.order_days(learned.features), 0.0).sum(axis=1)
    orders, value = (
        np.where(matured, cells, 0.0).sum(axis=1) for cells in (learned.outcomes.orders, learned.outcomes.value)
    )
    seen, ordered = matured[:, 0], orders > 0.0
    unit = max(float(value[ordered].sum() / orders[ordered].sum()), _LEAST_UNIT)
    expected_value = orders * learned.base.order_day_value(learned.features) / unit
    return FirstMonthModel(
        params=params,
        base=learned.base,
        orders=Correction.fit(learned.features[seen], orders[seen], expected[seen], ORDERS_INPUTS, params),
        value=Correction.fit(
            learned.features[ordered],
            value[ordered] / unit,
            expected_value[ordered],
            VALUE_INPUTS,
            params,
            cap=params.value_cap_multiple,
        ),
    )


def _held_out(learned: Learned, params: ModelParams) -> FirstMonthExpectation:
    """What is expected of each customer by a model of the other folds."""
    orders, value = np.zeros((2, len(learned.features), HORIZON_MONTHS))
    for fold in range(FOLDS):
        inside = learned.fold == fold
        expected = _model(learned.take(~inside), params).expect(learned.features[inside])
        orders[inside], value[inside] = expected.orders, expected.value
    return FirstMonthExpectation(orders, value, 1.0)


def _level(outcomes: FirstMonthOutcomes, held_out: FirstMonthExpectation, params: ModelParams) -> float:
    """The level of the newest year of label months against the forecasts of customers who were held out."""
    over = outcomes.matured
    newest, prior = params.level_months, params.level_prior_months
    return fit_bias_correction(
        outcomes.started[over], outcomes.value[over], held_out.value[over], newest=newest, prior=prior
    )


def _spread(outcomes: FirstMonthOutcomes, held_out: FirstMonthExpectation, coverage: float) -> tuple[float, Intervals]:
    """The frailty and the intervals, from the longest horizon that enough customers have lived through.

    A single month tells nothing about how a customer's months depend on each other, nor how far twelve of them spread.
    """
    months = int((outcomes.matured.sum(axis=0) >= _LEAST_CALIBRATION).sum())
    if months < _LEAST_MONTHS:
        return _USUAL_FRAILTY, Intervals.uncalibrated(coverage)
    seen = outcomes.matured[:, months - 1]
    known = replace(held_out, orders=held_out.orders[seen], value=held_out.value[seen])
    frailty = fit_shape(known.p[:, :months], outcomes.orders[seen, :months].sum(axis=1) > 0)
    outlook = replace(known, frailty=frailty).outlook(months)
    return frailty, Intervals.fit(outlook, outcomes.value[seen, :months].sum(axis=1), months, coverage, _NO_TOTALS)


def _after_burn_in(first: pd.Series, as_of: date, opened: date | None) -> pd.Series:
    """Without the customers of the first days of the data: a quarter of the days, `_BURN_IN_DAYS` at most."""
    if first.empty:
        return first
    start = first.min() if opened is None else pd.Timestamp(opened)
    quarter = (pd.Timestamp(as_of) - start).days // 4
    kept: pd.Series = first[first >= start + timedelta(days=min(quarter, _BURN_IN_DAYS))]
    return kept
