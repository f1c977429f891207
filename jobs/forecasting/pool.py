"""A log-linear pool of several forecasts, which the value booster corrects.

E[value of a month] = season x exp(c) x forecast_1^w_1 x forecast_2^w_2 ...: weights that sum to less than one pull
extremes in, more than the mean of the forecasts would. The weights are estimated by Poisson quasi-likelihood, which
asks only the mean to be right and balances forecast and actual money (Gourieroux, Monfort and Trognon 1984); a ridge
penalty keeps them nearly equal if the data hardly distinguishes them (Genest and Zidek 1986 review pools).

There is no term for the horizon: only the oldest snapshots have matured at long horizons, so it would measure how those
differ from the newest. BTYD, which knows each customer's recency, describes how value fades.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jobs.forecasting.encoder import Floats
from jobs.forecasting.params import ModelParams
from jobs.forecasting.training_rows import Rows, capped

_STEPS = 50
_CLOSE = 1e-8
_LEAST_PENALTY = 1e-3


@dataclass(frozen=True)
class Pool:
    """Weights of the pooled forecasts.

    Attributes:
        weights: exponent of each forecast.
        level: logarithm of the factor on all of them.
    """

    weights: Sequence[float]
    level: float

    @classmethod
    def fit(cls, rows: Rows, unit: float, params: ModelParams) -> Pool:
        """Newton's method on the penalised quasi-likelihood of the panel's rows, money counted in `unit`s."""
        logs, count = rows.logs, rows.logs.shape[1]
        geometric_mean = cls([1.0 / count] * count, 0.0).of(logs) * rows.season
        actual = capped(rows.value, geometric_mean, unit, params) / unit
        design = np.column_stack([logs - np.log(unit), np.ones(len(actual))])
        prior = np.array([*[1.0 / count] * count, 0.0])
        penalty = max(params.pool_prior_months * actual.sum() / len(np.unique(rows.month)), _LEAST_PENALTY)
        at = prior.copy()
        for _ in range(_STEPS):
            mean = np.exp(design @ at) * rows.season
            slope = design.T @ (actual - mean) - penalty * (at - prior)
            curve = (design * mean[:, None]).T @ design + penalty * np.eye(len(at))
            step = np.clip(np.linalg.solve(curve, slope), -1.0, 1.0)
            at = at + step
            if np.abs(step).max() < _CLOSE:
                break
        weights, level = at[:count], at[count]
        return cls(weights.tolist(), float(level + np.log(unit) * (1.0 - weights.sum())))

    def of(self, logs: Floats) -> Floats:
        """The pooled forecast without season; a row does not depend on how many rows there are."""
        total: Floats = np.full(len(logs), self.level)
        for column, weight in enumerate(self.weights):
            total = total + weight * logs[:, column]
        return np.exp(total)
