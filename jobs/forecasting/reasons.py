"""Why a customer's forecast is higher or lower than the typical buyer's: three reason codes from a fixed vocabulary.

A customer's effects sum to log(his value / the typical buyer's value). Value is the weighted geometric mean of three
horizon months, each of which stands for the four around it: close to the twelve months' value, and a sum in logarithms.
The typical buyer's is the mean logarithm over the buyers of the newest snapshot learned from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.attributions import effects, silent
from jobs.forecasting.base_margin import QUARTER, History, Start
from jobs.forecasting.cold_start import Rates
from jobs.forecasting.encoder import Customers, Floats
from jobs.forecasting.outcomes import sample_customers
from jobs.forecasting.reason_codes import (
    FREQUENCY,
    LATELY,
    NEVER_ORDERED,
    RECENCY,
    TENURE,
    THEMES,
    TYPICAL,
    VOCABULARY,
)
from jobs.forecasting.two_part import Hurdle

HORIZONS = (2, 6, 10)
"""The horizon months that are explained."""

REASONS = 3
SAMPLE = 2_000
"""Most customers that the typical one, and the importance of themes, are made of."""

_LEAST_EFFECT = 0.01
"""An effect of less than a hundredth of the value is no reason."""
_DIGITS = 6
_LEAST_VALUE = 1e-6
_SILENCES = ((QUARTER, LATELY), (HORIZON_MONTHS, FREQUENCY))
"""Months without an order → the theme that says no more than that the last one was long ago, and counts as recency."""


@dataclass(frozen=True)
class Explainer:
    """What customers are compared with.

    Attributes:
        weights: share of each of `HORIZONS` in the value.
        typical: theme → mean effect over the buyers.
        buyer: mean logarithm of their value, without season.
        newcomer: likewise, of customers who never bought.
    """

    weights: Sequence[float]
    typical: Mapping[str, float]
    buyer: float
    newcomer: float

    @classmethod
    def fit(
        cls, customers: Customers, start: Start, hurdle: Hurdle, rates: Rates, *, trust: float, level: float
    ) -> Explainer:
        """Learn the means.

        Args:
            customers: those of the newest snapshot; at least one of them bought.
            start: where the boosters start from.
            hurdle: the boosters.
            rates: of customers who never bought.
            trust: how much of the value booster's correction is believed.
            level: factor on the buyers' value.
        """
        bought = ~np.isnan(customers.recency_days)
        history = start.history(sample(customers.take(bought)))
        months = [effects(hurdle, history, horizon, trust) for horizon in HORIZONS]
        value = np.array([np.exp(month.log_value).mean() for month in months])
        weights = value / value.sum()
        typical = _weighted(weights, [month.themes for month in months]).mean(axis=0)
        buyer = _weighted(weights, [month.log_value for month in months]).mean() + np.log(level)
        waiting = customers.signup_days[~bought] if not bought.all() else np.array([np.nan])
        newcomer = _log_value(rates, waiting, weights).mean()
        return cls(weights.tolist(), dict(zip(THEMES, typical.tolist(), strict=True)), float(buyer), float(newcomer))

    def of_buyers(self, hurdle: Hurdle, history: History, trust: float, *, exact: bool = False) -> Floats:
        """Effects on the logarithm of the value of customers who bought: one row a customer, one column a theme."""
        months = [effects(hurdle, history, horizon, trust, exact=exact).themes for horizon in HORIZONS]
        found: Floats = _weighted(self.weights, months) - np.array([self.typical[theme] for theme in THEMES])
        for span, theme in _SILENCES:
            late = silent(history, span)
            found[late, THEMES.index(RECENCY)] += found[late, THEMES.index(theme)]
            found[late, THEMES.index(theme)] = 0.0
        return found

    def of_newcomers(self, rates: Rates, signup_days: Floats) -> Floats:
        """Likewise of customers who never bought: that they never did, and how long they have not."""
        found = np.zeros((len(signup_days), len(THEMES)))
        value, told = _log_value(rates, signup_days, self.weights), ~np.isnan(signup_days)
        found[:, THEMES.index(TENURE)] = np.where(told, value - self.newcomer, 0.0)
        found[:, THEMES.index(NEVER_ORDERED)] = np.where(told, self.newcomer, value) - self.buyer
        return found


def sample(customers: Customers) -> Customers:
    """As many customers as means are taken over, chosen by their ids alone."""
    return customers.take(np.isin(customers.ids, sample_customers(customers.ids, SAMPLE)))


def reasons(found: Floats) -> NDArray[np.object_]:
    """The three strongest effects of each customer in words of `VOCABULARY`, the strongest first; None for no more."""
    rounded = np.round(found, _DIGITS)
    strongest = np.argsort(-np.abs(rounded), axis=1, kind="stable")[:, :REASONS]
    effect = np.take_along_axis(rounded, strongest, axis=1)
    texts = np.array(VOCABULARY[1:], dtype=object)[2 * strongest + (effect < 0.0)]
    texts[np.abs(effect) < _LEAST_EFFECT] = None
    texts[np.abs(effect[:, 0]) < _LEAST_EFFECT, 0] = TYPICAL
    return texts


def importance(found: Floats) -> dict[str, float]:
    """Each theme's share of the mean absolute effect; nothing where nobody has any."""
    mean = np.abs(found).mean(axis=0)
    total = mean.sum()
    return dict(zip(THEMES, (mean / total).tolist(), strict=True)) if total > 0.0 else {}


def _weighted(weights: Sequence[float] | Floats, months: Sequence[Floats]) -> Floats:
    total = np.zeros_like(months[0])
    for weight, month in zip(weights, months, strict=True):
        total = total + weight * month
    return total


def _log_value(rates: Rates, signup_days: Floats, weights: Sequence[float] | Floats) -> Floats:
    """Logarithm of the value of customers who never bought, without season."""
    _, value = rates.of(signup_days)
    logs = np.log(np.maximum(value, _LEAST_VALUE))
    return _weighted(weights, [logs[:, horizon - 1] for horizon in HORIZONS])
