"""How much of a first month's forecast is the standard model's: learned from its past forecasts of new customers.

The two are pooled in logarithms (`pool.py` says why): value x (standard / value)^weight. What customers did in the
months that are over, against what was expected of these months, tells the weight. It is shrunk towards zero: the
standard model is not believed until its forecasts of new customers have proved better than the first month alone.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar

from jobs.forecasting.encoder import Floats
from jobs.forecasting.first_month.outcomes import FirstMonthOutcomes

_MOST_RATIO = 20.0
_PENALTY = 20.0
"""How many average customers, each with two forecasts that differ by a factor of e, a weight of zero counts for."""
_CAP = 8.0
"""A customer counts at most as this many times what was expected of it."""


def fit_weight(standard: pd.Series, ids: pd.Series, value: Floats, outcomes: FirstMonthOutcomes) -> float:
    """The standard model's weight, from 0 to 1.

    Args:
        standard: its net value of twelve months by customer id; of any customers.
        ids: the customers of `value` and `outcomes`.
        value: net value of each month by a model that had not seen the customer.
        outcomes: what they did.
    """
    theirs = standard.reindex(ids).to_numpy(np.float64)
    log_ratio = np.log(ratio(theirs, value.sum(axis=1)))
    known = outcomes.matured[:, 0] & ~np.isnan(theirs)
    over = outcomes.matured[known]
    actual = np.where(over, outcomes.value[known], 0.0).sum(axis=1)
    expected, log_ratio = np.where(over, value[known], 0.0).sum(axis=1), log_ratio[known]
    if actual.sum() <= 0.0:
        return 0.0
    actual = np.clip(actual, 0.0, _CAP * expected * np.exp(np.abs(log_ratio)))

    def loss(weight: float) -> float:
        pooled = expected * np.exp(weight * log_ratio)
        level = actual.sum() / pooled.sum()
        likelihood = (actual * weight * log_ratio).sum() + actual.sum() * np.log(level)
        return float(_PENALTY * weight**2 / 2.0 - likelihood / actual.mean())

    return float(minimize_scalar(loss, bounds=(0.0, 1.0), method="bounded").x)


def ratio(standard: Floats, value: Floats) -> Floats:
    """The standard model's value over the other, within bounds; 1 where it has none."""
    bounded = np.clip(standard / np.maximum(value, 1e-9), 1.0 / _MOST_RATIO, _MOST_RATIO)
    return np.asarray(np.where(np.isnan(standard), 1.0, bounded))
