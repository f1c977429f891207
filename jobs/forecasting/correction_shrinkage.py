"""How much of the value booster's correction is used: decided on a holdout, between none and all of it.

A forecast is base x (boosted / base)^w. A booster that learned from a short or changed past corrects too much. The w
that fits the months of the holdout best, by deviance, is one draw: it moves w from a half by a quarter of the way. The
fewer those months, the smaller is w; without any, the base models' forecast stands alone.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

from jobs.forecasting.encoder import Floats

LITTLE_CORRECTION = 1.0 / 3.0
"""Below this weight, the forecast is named after the base models: `btyd`."""

_HALF = 0.5


def blend(base: Floats, boosted: Floats, weight: float) -> Floats:
    """Net value between the base models' and the boosted one: their weighted geometric mean."""
    return np.asarray(base ** (1.0 - weight) * boosted**weight)


def fit_correction_weight(base: Floats, boosted: Floats, actual: Floats) -> float:
    """The weight of the correction that forecasts matured months best, by Poisson deviance at the actual level.

    Args:
        base: net value of the base models, one row a customer, one column a month.
        boosted: net value fully corrected.
        actual: actual net value.
    """
    if actual.sum() <= 0.0:
        return 0.0

    def deviance(share: float) -> float:
        money = blend(base, boosted, share)
        return float(-(np.maximum(actual, 0.0) * np.log(money / money.sum())).sum())

    best = float(minimize_scalar(deviance, bounds=(0.0, 1.0), method="bounded").x)
    months = int(actual.shape[1])
    return (best + 3.0 * _HALF) / 4.0 * months / (months + 1.0)
