"""Why a customer's forecast is higher or lower than the typical buyer's: three reason codes from a fixed vocabulary.

A customer's attributions sum to log(value / the typical buyer's value), value being that of twelve months before it is
calibrated by its size. The logarithm of the typical buyer's value is the mean over the buyers of the newest training
snapshot. For customers who never bought, the typical buyer's value is the calibrated one.

What half of all buyers have says little about one of them. Of the large attributions that point where the forecast
does, the one that the fewest buyers have as strongly comes first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
_LEAST_PART = 1.0 / 3.0
"""An effect of less than this part of the customer's largest one comes after the others, however rare it is. With a
quarter, attributions along the path and SHAP values name the same first reason for 85 % of a small shop's customers,
with a third for 94 %."""
_DIGITS = 6
_LEAST_VALUE = 1e-6
_SILENCES = ((QUARTER, LATELY), (HORIZON_MONTHS, FREQUENCY))
"""Months without an order → the feature group that then only repeats recency: its effect is added to recency's."""


@dataclass(frozen=True)
class Explainer:
    """What customers are compared with.

    Attributes:
        typical: feature group → mean effect over the buyers.
        percentiles: feature group → `percentiles` of the buyers' effects.
        buyer: mean logarithm of their calibrated value.
        newcomer: the same of customers who never bought.
    """

    typical: Mapping[str, float]
    percentiles: Mapping[str, Sequence[float]]
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
        waiting = customers.signup_days[~bought] if not bought.all() else np.array([np.nan])
        return cls(
            dict(zip(FEATURE_GROUPS, typical.tolist(), strict=True)),
            percentiles(_merged(groups - typical, history)),
            float(np.log(model.expect(buyers).value.sum(axis=1)).mean()),
            float(_log_value(model.newcomers, waiting).mean()),
        )

    def of_buyers(self, model: MonthlyModel, history: History, *, exact: bool = False) -> Floats:
        """Attributions to the log value of customers who bought: one row a customer, one column a feature group."""
        groups, _ = attributions(model.two_part, history, model.weight, exact=exact)
        return _merged(groups - np.array([self.typical[group] for group in FEATURE_GROUPS]), history)

    def reasons(self, effects: Floats) -> NDArray[np.object_]:
        """The reasons of customers with these attributions: see `reasons`."""
        return reasons(effects, self.percentiles)

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


def percentiles(effects: Floats) -> dict[str, list[float]]:
    """Feature group → the percentiles of its effects, lowest first: what `reasons` compares customers with."""
    found = np.round(np.percentile(effects, np.arange(101), axis=0), _DIGITS)
    return dict(zip(FEATURE_GROUPS, found.T.tolist(), strict=True))


def reasons(effects: Floats, others: Mapping[str, Sequence[float]]) -> NDArray[np.object_]:
    """Three attributions of each customer as codes of `VOCABULARY`, the most particular first; None if fewer.

    First come the large ones that point where their sum does, then the other large ones, then the small ones by size.
    An attribution is the more particular, the fewer others have one of its group that is as large in its direction; of
    equally rare ones, the larger comes first.

    Args:
        effects: one row a customer, one column a group of `FEATURE_GROUPS`.
        others: feature group → the `percentiles` of the customers to compare with.
    """
    rounded = np.round(effects, _DIGITS)
    size = np.abs(rounded)
    is_large = (size >= _LEAST_EFFECT) & (size >= _LEAST_PART * size.max(axis=1, keepdims=True))
    agrees = is_large & (np.sign(rounded) == np.sign(np.round(rounded.sum(axis=1, keepdims=True), _DIGITS)))
    share = np.where(is_large, _share_as_large(rounded, others), 0.0)
    chosen = np.lexsort((-size, share, ~agrees, ~is_large), axis=1)[:, :REASONS]
    effect = np.take_along_axis(rounded, chosen, axis=1)
    texts = np.array(VOCABULARY[1:], dtype=object)[2 * chosen + (effect < 0.0)]
    texts[np.abs(effect) < _LEAST_EFFECT] = None
    texts[np.abs(effect[:, 0]) < _LEAST_EFFECT, 0] = TYPICAL
    return texts


def _share_as_large(effects: Floats, others: Mapping[str, Sequence[float]]) -> Floats:
    """The share of others whose effect of the same group is at least as large in the same direction."""
    share = np.empty_like(effects)
    for column, group in enumerate(FEATURE_GROUPS):
        own, grid = effects[:, column], np.asarray(others[group])
        at_least = len(grid) - np.searchsorted(grid, own, side="left")
        at_most = np.searchsorted(grid, own, side="right")
        share[:, column] = np.where(own < 0.0, at_most, at_least) / len(grid)
    return share


def importance(effects: Floats) -> dict[str, float]:
    """Each feature group's share of the mean absolute effect; empty if no customer has any."""
    mean = np.abs(effects).mean(axis=0)
    total = mean.sum()
    return dict(zip(FEATURE_GROUPS, (mean / total).tolist(), strict=True)) if total > 0.0 else {}


def _log_value(rates: Rates, signup_days: Floats) -> Floats:
    """Logarithm of the year's value of customers who never bought, without season."""
    _, value = rates.of(signup_days)
    return np.asarray(np.log(np.maximum(value.sum(axis=1), _LEAST_VALUE)))
