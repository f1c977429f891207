"""How much of the boosters' correction is believed: decided by backtest, between none and all of it.

A forecast is start x (boosted / start)^w. Boosters that learned from a short or changed past correct too much. What w
would have been best, by deviance, on matured months that a twin of the forecaster did not know is one draw, so it is
averaged with a half; and the fewer those months, the less is believed. Without any, the start stands alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from jobs.forecasting.inputs import Floats

_HALF = 0.5
_LITTLE = 0.25


@dataclass(frozen=True)
class Trust:
    """Shares of the corrections.

    Attributes:
        activity: of P(active), in log odds.
        value: of the net value, in logarithms.
    """

    activity: float = 0.0
    value: float = 0.0

    @property
    def is_btyd(self) -> bool:
        """Whether the boosters have so little say that the forecast is the start's."""
        return self.value < _LITTLE

    def p(self, start: Floats, boosted: Floats) -> Floats:
        """P(active) between start and boosted."""
        log_odds = (1.0 - self.activity) * logit(start) + self.activity * logit(boosted)
        return np.asarray(1.0 / (1.0 + np.exp(-log_odds)))

    def money(self, start: Floats, boosted: Floats) -> Floats:
        """Net value between start and boosted."""
        return np.asarray(start ** (1.0 - self.value) * boosted**self.value)


def fit_trust(
    p: tuple[Floats, Floats], value: tuple[Floats, Floats], active: NDArray[np.bool_], actual: Floats
) -> Trust:
    """The shares that forecast matured months best.

    Args:
        p: P(active) at the start and boosted, one row a customer, one column a month.
        value: net value likewise.
        active: whether there was an order in the month.
        actual: net value of the month.
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
    months = actual.shape[1]
    return Trust(_share(cross_entropy, months), _share(deviance, months))


def _share(loss: Callable[[float], float], months: int) -> float:
    best = float(minimize_scalar(loss, bounds=(0.0, 1.0), method="bounded").x)
    return (best + _HALF) / 2.0 * months / (months + 1.0)


def logit(p: Floats) -> Floats:
    """Log odds."""
    return np.asarray(np.log(p / (1.0 - p)))
