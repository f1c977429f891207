"""P(at least one order in k months) from the months' probabilities, which are not independent of each other.

A customer who did not buy in one month is more likely to be one who buys rarely, or has left. With a gamma-distributed
frailty of shape s shared by a customer's months, month h has hazard l_h = (1 - p_h)^(-1/s) - 1 and
P(k) = 1 - (1 + l_1 + ... + l_k)^(-s). One month gives p_1 back; independence is the limit of a large s.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from jobs.forecasting.encoder import Floats

SHAPES = (0.05, 200.0)
_MOST_P = 0.999


def p_active(p: Floats, shape: Floats | float) -> Floats:
    """Probability of an order in the first 1, 2, ... months: one row a customer, cumulative over the columns.

    `shape` is one number for all customers, or one a customer.
    """
    shape = np.broadcast_to(shape, len(p))[:, None]
    hazards = np.cumsum((1.0 - np.minimum(p, _MOST_P)) ** (-1.0 / shape) - 1.0, axis=1)
    return np.asarray(1.0 - (1.0 + hazards) ** -shape)


def fit_shape(p: Floats, active: NDArray[np.bool_]) -> float:
    """The frailty's shape by maximum likelihood.

    Args:
        p: forecast probability of each month, one row a customer, one column a month.
        active: whether there was an order in any of those months.
    """
    if active.all() or not active.any():
        return 1.0

    def loss(log_shape: float) -> float:
        chance = np.clip(p_active(p, float(np.exp(log_shape)))[:, -1], 1e-6, 1.0 - 1e-6)
        return float(-np.mean(np.where(active, np.log(chance), np.log1p(-chance))))

    result = minimize_scalar(loss, bounds=tuple(np.log(SHAPES)), method="bounded")
    return float(np.exp(result.x))
