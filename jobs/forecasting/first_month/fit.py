"""Fit the first month's model to the daily table: what customers did after their first month, as far as it is over.

Forecasts of customers whom the boosters had not seen (folds by customer) tell the level, the frailty and the
intervals. Folds, not months held back: so few customers complete a first month that none can be spared, and their
outcomes take a year.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.bias_correction import fit_bias_correction
from jobs.forecasting.corrections import Corrections
from jobs.forecasting.encoder import Floats, InputError
from jobs.forecasting.first_month.base import HORIZON_NAMES, FirstMonthBase, FirstMonths, order_histories
from jobs.forecasting.first_month.days import completed, first_orders
from jobs.forecasting.first_month.encoder import FirstMonthEncoder
from jobs.forecasting.first_month.features import first_month_features
from jobs.forecasting.first_month.forecaster import FirstMonthForecaster
from jobs.forecasting.first_month.model import FirstMonthExpectation, FirstMonthModel
from jobs.forecasting.first_month.outcomes import FirstMonthOutcomes
from jobs.forecasting.frailty import fit_shape
from jobs.forecasting.intervals import Intervals
from jobs.forecasting.params import ModelParams
from jobs.forecasting.training_rows import Rows
from jobs.forecasting.two_part import TwoPartModel

PARAMS = ModelParams()
"""The settings: those of the standard model. Other leaf sizes and depths moved the Gini on simulated shops by less than
0.01, in no consistent direction."""

FOLDS = 3
LEAST_CUSTOMERS = 100
"""Customers with a month after the first one, below which nothing is learned."""

_BURN_IN_DAYS = 180
"""Most days left out at the start, when old customers' first orders since the data begin look like first orders."""
_LEAST_CALIBRATION = 200
_NO_TOTALS = [0.0]
"""No interval of a total is offered: folds by customer cannot tell the error that all customers share."""
_NEUTRAL = Corrections(activity_odds=1.0, value=1.0)


def fit_first_month(
    daily: pd.DataFrame, profiles: pd.DataFrame | None, *, as_of: date, params: ModelParams = PARAMS
) -> FirstMonthForecaster:
    """Learn from every customer who had lived through a month after the first one at `as_of`.

    Args:
        daily: rows of the daily table, `ordered_on` as datetime64, its numbers as float.
        profiles: as in `first_month_features`.
        as_of: what happened on or after this day is not looked at.
        params: the settings.

    Raises:
        InputError: fewer than `LEAST_CUSTOMERS` have, or they brought nothing.
    """
    learned = Learned.of(daily, profiles, as_of)
    held_out = _held_out(learned, params)
    corrections = _corrections(learned.outcomes, held_out, params)
    level = held_out.corrected(corrections)
    months, customers = _calibration_months(learned.outcomes)
    actual = learned.outcomes.value[customers, :months].sum(axis=1)
    active = learned.outcomes.orders[customers, :months].sum(axis=1) > 0
    frailty = fit_shape(level.p[customers, :months], active)
    outlook = FirstMonthExpectation(level.p[customers], level.value[customers], frailty).outlook(months)
    intervals = Intervals.fit(outlook, actual, months, params.coverage, _NO_TOTALS)
    model = replace(_model(learned, params), corrections=corrections, frailty=frailty)
    return FirstMonthForecaster(as_of, model, intervals, int(learned.outcomes.matured[:, -1].sum()))


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
    def of(cls, daily: pd.DataFrame, profiles: pd.DataFrame | None, as_of: date) -> Learned:
        """Read what happened before `as_of`; raises InputError where that is too little."""
        known = daily[daily["ordered_on"] < pd.Timestamp(as_of)]
        first = completed(_after_burn_in(first_orders(known, as_of), as_of), as_of)
        outcomes = FirstMonthOutcomes.read(known, first, as_of)
        matured = outcomes.matured
        if matured[:, 0].sum() < LEAST_CUSTOMERS or outcomes.value[matured].sum() <= 0.0:
            raise InputError(
                f"{matured[:, 0].sum()} customers had a month after their first one before {as_of}: "
                f"{LEAST_CUSTOMERS} are needed, and some value"
            )
        features = first_month_features(known, profiles, first)
        histories = order_histories(known, as_of)
        histories = histories.loc[histories["first"] >= first.min()]
        return cls(features, outcomes, FirstMonthBase.fit(features, outcomes, histories, as_of))

    @property
    def fold(self) -> NDArray[np.int64]:
        """The fold of each customer, by its id alone."""
        return np.array([zlib.crc32(str(name).encode()) % FOLDS for name in self.features["customer_id"]])

    @property
    def active_value(self) -> float:
        """Net value of the average month with an order."""
        value = self.outcomes.value[(self.outcomes.orders > 0) & (self.outcomes.value > 0.0)]
        return float(value.mean())

    def take(self, chosen: NDArray[np.bool_]) -> Learned:
        """Some of the customers."""
        features = self.features[chosen].reset_index(drop=True)
        return Learned(features, self.outcomes.take(chosen), self.base)

    def rows(self, encoder: FirstMonthEncoder, params: ModelParams) -> Rows:
        """The matured months as training rows, month after month; a seeded sample where they are too many."""
        months = FirstMonths(encoder.encode(self.features), self.features, self.base)
        matured, parts = self.outcomes.matured, []
        share = params.max_rows / max(int(matured.sum()), 1)
        rng = np.random.default_rng(params.seed)
        for month, base in enumerate(months.months()):
            drawn = rng.random(len(self.features)) < share
            rows = np.flatnonzero(matured[:, month] & drawn)
            inputs = np.concatenate([months.encoded, base.inputs], axis=1)[rows]
            parts.append((inputs, base.logs[rows], base.p[rows], rows, np.full(len(rows), month)))
        inputs, logs, p, row, column = (np.concatenate(part) for part in zip(*parts, strict=True))
        return Rows(
            inputs=inputs,
            logs=logs,
            season=np.ones(len(row)),
            p_base=p,
            value=self.outcomes.value[row, column],
            active=self.outcomes.orders[row, column] > 0,
            month=self.outcomes.started[row, column],
        )


def _model(learned: Learned, params: ModelParams) -> FirstMonthModel:
    """The model without corrections."""
    encoder = FirstMonthEncoder.of(learned.features)
    rows = learned.rows(encoder, params)
    two_part = TwoPartModel.fit(rows, (*encoder.names, *HORIZON_NAMES), learned.active_value, params)
    return FirstMonthModel(params, encoder, learned.base, two_part, _NEUTRAL, 1.0)


def _held_out(learned: Learned, params: ModelParams) -> FirstMonthExpectation:
    """What is expected of each customer by a model of the other folds, without corrections."""
    p, value = np.zeros((2, len(learned.features), HORIZON_MONTHS))
    for fold in range(FOLDS):
        inside = learned.fold == fold
        expected = _model(learned.take(~inside), params).expect(learned.features[inside].reset_index(drop=True))
        p[inside], value[inside] = expected.p, expected.value
    return FirstMonthExpectation(p, value, 1.0)


def _corrections(outcomes: FirstMonthOutcomes, held_out: FirstMonthExpectation, params: ModelParams) -> Corrections:
    """The level of the newest year of label months against the forecasts of customers who were held out."""
    matured = outcomes.matured
    month, active = outcomes.started[matured], (outcomes.orders[matured] > 0).astype(float)

    def factor(actual: Floats, forecast: Floats) -> float:
        newest, prior = params.level_months, params.level_prior_months
        return fit_bias_correction(month, actual, forecast[matured], newest=newest, prior=prior)

    return Corrections(factor(active, held_out.p), factor(outcomes.value[matured], held_out.value))


def _calibration_months(outcomes: FirstMonthOutcomes) -> tuple[int, NDArray[np.intp]]:
    """The longest horizon that enough customers have lived through, a month at least, and who they are."""
    count = outcomes.matured.sum(axis=0)
    months = max(int((count >= _LEAST_CALIBRATION).sum()), 1)
    return months, np.flatnonzero(outcomes.matured[:, months - 1])


def _after_burn_in(first: pd.Series, as_of: date) -> pd.Series:
    """Without the customers of the first days of the data: a quarter of the days, `_BURN_IN_DAYS` at most."""
    if first.empty:
        return first
    start = first.min()
    quarter = (pd.Timestamp(as_of) - start).days // 4
    kept: pd.Series = first[first >= start + timedelta(days=min(quarter, _BURN_IN_DAYS))]
    return kept
