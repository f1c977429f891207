"""How much of the value booster's correction is believed: decided by backtest, between none and all of it.

A forecast is start x (boosted / start)^w. A booster that learned from a short or changed past corrects too much. What w
would have been best, by deviance, on matured months that a twin of the forecaster did not know is one draw: it moves w
away from a half by a quarter of the way. The fewer those months, the less is believed; without any, the start stands
alone.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

from jobs.forecasting.encoder import Floats

LITTLE = 1.0 / 3.0
"""Below this the forecast is called the start's."""

_HALF = 0.5


def blend(start: Floats, boosted: Floats, trust: float) -> Floats:
    """Net value between start and boosted."""
    return np.asarray(start ** (1.0 - trust) * boosted**trust)


def fit_trust(start: Floats, boosted: Floats, actual: Floats) -> float:
    """The share of the correction that forecast matured months best, by Poisson deviance at the level that came.

    Args:
        start: net value at the start, one row a customer, one column a month.
        boosted: net value fully corrected.
        actual: net value that came.
    """
    if actual.sum() <= 0.0:
        return 0.0

    def deviance(share: float) -> float:
        money = blend(start, boosted, share)
        return float(-(np.maximum(actual, 0.0) * np.log(money / money.sum())).sum())

    best = float(minimize_scalar(deviance, bounds=(0.0, 1.0), method="bounded").x)
    months = int(actual.shape[1])
    return (best + 3.0 * _HALF) / 4.0 * months / (months + 1.0)
