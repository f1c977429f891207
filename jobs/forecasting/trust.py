"""How much of the boosters' correction is believed: decided by backtest, between none and all of it.

A forecast is start x (boosted / start)^w. Boosters that learned from a short or changed past correct too much, so w is
what would have been best, by deviance, on matured months that a twin of the forecaster did not know, mixed with a half.
Without any such months, or where no correction would have been best, nothing is believed: the start stands alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from jobs.forecasting.inputs import Floats

_HALF = 0.5
_NONE = 0.02


@dataclass(frozen=True)
class Trust:
    """Shares of the corrections.

    Attributes:
        activity: of P(active), in log odds.
        value: of the net value, in logarithms.
    """

    activity: float = 0.0
    value: float = 0.0

    def p(self, start: Floats, boosted: Floats) -> Floats:
        """P(active) between start and boosted."""
        log_odds = (1.0 - self.activity) * logit(start) + self.activity * logit(boosted)
        return np.asarray(1.0 / (1.0 + np.exp(-log_odds)))

    def money(self, start: Floats, boosted: Floats) -> Floats:
        """Net value between start and boosted."""
        return np.asarray(start ** (1.0 - self.value) * boosted**self.value)


def fit_trust(
    p: tuple[Floats, Floats], value: tuple[Floats, Floats], active: NDArray[np.bool_], actual: Floats, prior: float
) -> Trust:
    """The shares that forecast matured months best.

    Args:
        p: P(active) at the start and boosted, one row a customer, one column a month.
        value: net value likewise.
        active: whether there was an order in the month.
        actual: net value of the month.
        prior: how many months a half weighs.
    """

    def cross_entropy(share: float) -> float:
        chance = Trust(activity=share).p(*p)
        return float(-np.where(active, np.log(chance), np.log1p(-chance)).sum())

    def deviance(share: float) -> float:
        money = Trust(value=share).money(*value)
        money = money * actual.sum() / money.sum()
        return float(-(np.maximum(actual, 0.0) * np.log(money)).sum())

    if active.all() or not active.any() or actual.sum() <= 0.0:
        return Trust()
    weight = actual.shape[1] / (actual.shape[1] + prior)
    return Trust(_share(cross_entropy, weight), _share(deviance, weight))


def _share(loss: Callable[[float], float], weight: float) -> float:
    best = float(minimize_scalar(loss, bounds=(0.0, 1.0), method="bounded").x)
    return weight * best + (1.0 - weight) * _HALF if best > _NONE else 0.0


def logit(p: Floats) -> Floats:
    """Log odds."""
    return np.asarray(np.log(p / (1.0 - p)))
