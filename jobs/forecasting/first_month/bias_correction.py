"""Bias correction: the level of the forecasts against the newest year of matured months.

A model learns from every month since the shop began. If customers spend more by now, or if the first months held only
the most loyal ones, its level is out of date. The ratio of actual to forecast money in the newest label months, a whole
year of them so that seasons cancel out, is shrunk towards one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jobs.forecasting.encoder import Floats


def fit_bias_correction(
    month: NDArray[np.int64], actual: Floats, forecast: Floats, *, newest: int, prior: float
) -> float:
    """The factor on the forecasts.

    Args:
        month: label month of each row, counted in months.
        actual: its net value, or whether it had an order.
        forecast: its forecast.
        newest: how many of the newest label months decide.
        prior: how many months without a deviation they are mixed with.
    """
    chosen = month > month.max(initial=0) - newest
    actual, forecast = actual[chosen], forecast[chosen]
    if actual.sum() <= 0 or forecast.sum() <= 0:
        return 1.0
    seen = len(np.unique(month[chosen]))
    return float((actual.sum() / forecast.sum()) ** (seen / (seen + prior)))
