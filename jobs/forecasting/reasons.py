"""Why a customer's forecast is higher or lower than the typical buyer's: three reason codes from a fixed vocabulary.

A customer's attributions sum to log(value / the typical buyer's value), value being that of twelve months before it is
calibrated by its size. The logarithm of the typical buyer's value is the mean over the buyers of the newest training
snapshot. For customers who never bought, the typical buyer's value is the calibrated one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.attributions import attributions, silent
from jobs.forecasting.base_margin import QUARTER, History
from jobs.forecasting.cold_start import Rates
from jobs.forecasting.encoder import Customers, Floats
from jobs.forecasting.monthly_model import MonthlyModel
from jobs.forecasting.outcomes import sample_customers
from jobs.forecasting.reason_codes import (
    FEATURE_GROUPS,
    FREQUENCY,
    LATELY,
    NEVER_ORDERED,
    RECENCY,
    TENURE,
    TYPICAL,
    VOCABULARY,
)

REASONS = 3
SAMPLE = 2_000
"""Most customers that the typical one, and the importance of feature groups, are made of."""

_LEAST_EFFECT = 0.01
"""An effect of less than a hundredth of the value is no reason."""
_LEAST_SHARE = 0.1
"""An effect of less than a tenth of all that moves a customer's forecast is named only where no other is left."""
_DIGITS = 6
_LEAST_VALUE = 1e-6
_SILENCES = ((QUARTER, LATELY), (HORIZON_MONTHS, FREQUENCY))
"""Months without an order → the feature group that then only repeats recency: its effect is added to recency's."""


@dataclass(frozen=True)
class Explainer:
    """What customers are compared with.

    Attributes:
        typical: feature group → mean effect over the buyers.
        usual: feature group → root of the mean square of the buyers' effects relative to the typical one.
        buyer: mean logarithm of their calibrated value.
        newcomer: the same of customers who never bought.
    """

    typical: Mapping[str, float]
    usual: Mapping[str, float]
    buyer: float
    newcomer: float

    @classmethod
    def fit(cls, customers: Customers, model: MonthlyModel) -> Explainer:
        """Learn the means of the customers of the newest snapshot, at least one of whom bought."""
        bought = customers.has_bought
        buyers = sample(customers.take(bought))
        history = model.base_models.history(buyers)
        groups, _ = attributions(model.two_part, history, model.weight)
        typical = groups.mean(axis=0)
        usual = np.sqrt(np.square(_merged(groups - typical, history)).mean(axis=0))
        waiting = customers.signup_days[~bought] if not bought.all() else np.array([np.nan])
        return cls(
            dict(zip(FEATURE_GROUPS, typical.tolist(), strict=True)),
            dict(zip(FEATURE_GROUPS, usual.tolist(), strict=True)),
            float(np.log(model.expect(buyers).value.sum(axis=1)).mean()),
            float(_log_value(model.newcomers, waiting).mean()),
        )

    def of_buyers(self, model: MonthlyModel, history: History, *, exact: bool = False) -> Floats:
        """Attributions to the log value of customers who bought: one row a customer, one column a feature group."""
        groups, _ = attributions(model.two_part, history, model.weight, exact=exact)
        return _merged(groups - np.array([self.typical[group] for group in FEATURE_GROUPS]), history)

    def reasons(self, effects: Floats) -> NDArray[np.object_]:
        """The reasons of customers for their attributions: see `reasons`."""
        return reasons(effects, np.array([self.usual[group] for group in FEATURE_GROUPS]))

    def of_newcomers(self, rates: Rates, signup_days: Floats) -> Floats:
        """The same for customers who never bought: that they never ordered, and for how long."""
        effects = np.zeros((len(signup_days), len(FEATURE_GROUPS)))
        value, is_known = _log_value(rates, signup_days), ~np.isnan(signup_days)
        effects[:, FEATURE_GROUPS.index(TENURE)] = np.where(is_known, value - self.newcomer, 0.0)
        effects[:, FEATURE_GROUPS.index(NEVER_ORDERED)] = np.where(is_known, self.newcomer, value) - self.buyer
        return effects


def _merged(effects: Floats, history: History) -> Floats:
    """The effects with those of silent customers' groups that only repeat recency added to recency's."""
    for span, group in _SILENCES:
        late = silent(history, span)
        effects[late, FEATURE_GROUPS.index(RECENCY)] += effects[late, FEATURE_GROUPS.index(group)]
        effects[late, FEATURE_GROUPS.index(group)] = 0.0
    return effects


def sample(customers: Customers) -> Customers:
    """As many customers as means are taken over, chosen by their ids alone."""
    return customers.take(np.isin(customers.ids, sample_customers(customers.ids, SAMPLE)))


def reasons(effects: Floats, usual: Floats) -> NDArray[np.object_]:
    """Three attributions of each customer as codes of `VOCABULARY`, the most particular first; None if fewer.

    An attribution is as particular as it is large beside what is usual in its group. Those that are a small part of all
    that moves the customer's forecast come last.

    Args:
        effects: one row a customer, one column a group of `FEATURE_GROUPS`.
        usual: the usual size of each group's attributions; zero where none is known.
    """
    rounded = np.round(effects, _DIGITS)
    size = np.abs(rounded)
    is_large = (size >= _LEAST_EFFECT) & (size >= _LEAST_SHARE * size.sum(axis=1, keepdims=True))
    particular = np.round(size / np.maximum(usual, _LEAST_EFFECT), _DIGITS)
    rank = np.where(is_large, 1.0 + particular, size / (1.0 + size))
    chosen = np.argsort(-rank, axis=1, kind="stable")[:, :REASONS]
    effect = np.take_along_axis(rounded, chosen, axis=1)
    texts = np.array(VOCABULARY[1:], dtype=object)[2 * chosen + (effect < 0.0)]
    texts[np.abs(effect) < _LEAST_EFFECT] = None
    texts[np.abs(effect[:, 0]) < _LEAST_EFFECT, 0] = TYPICAL
    return texts


def importance(effects: Floats) -> dict[str, float]:
    """Each feature group's share of the mean absolute effect; empty if no customer has any."""
    mean = np.abs(effects).mean(axis=0)
    total = mean.sum()
    return dict(zip(FEATURE_GROUPS, (mean / total).tolist(), strict=True)) if total > 0.0 else {}


def _log_value(rates: Rates, signup_days: Floats) -> Floats:
    """Logarithm of the year's value of customers who never bought, without season."""
    _, value = rates.of(signup_days)
    return np.asarray(np.log(np.maximum(value.sum(axis=1), _LEAST_VALUE)))
