"""Level calibration: what the newest matured months say about the level of the forecasts, by horizon.

A panel's short horizons learn from fresh months and its long ones from old; where customers have changed, or where the
shop's first months knew only its most faithful customers, the two are off by different factors. The ratio of actual to
forecast money in the newest label months is followed by a straight line over the horizon, and shrunk towards one.
"""

from __future__ import annotations

import numpy as np

from jobs.forecasting.inputs import Floats
from jobs.month import HORIZON_MONTHS

_LEAST_HORIZONS = 4


def fit_level(horizon: Floats, actual: Floats, forecast: Floats, *, months: int, prior_months: float) -> list[float]:
    """A factor for each horizon month.

    Args:
        horizon: horizon month of each row of the panel whose label month is among the newest.
        actual: its net value.
        forecast: its forecast.
        months: how many label months the rows are of.
        prior_months: how many months without a deviation they are mixed with.
    """
    if not len(horizon) or forecast.sum() <= 0 or actual.sum() <= 0:
        return [1.0] * HORIZON_MONTHS
    trust = months / (months + prior_months)
    place = (np.arange(1, HORIZON_MONTHS + 1) - 1.0) / (HORIZON_MONTHS - 1.0)
    by_horizon = [
        np.bincount(horizon.astype(int), weights=w, minlength=HORIZON_MONTHS + 1)[1:] for w in (actual, forecast)
    ]
    seen = (by_horizon[0] > 0) & (by_horizon[1] > 0)
    log_ratio = np.log(by_horizon[0][seen] / by_horizon[1][seen])
    weight = by_horizon[1][seen] / by_horizon[1][seen].sum()
    centre, mean = weight @ place[seen], np.log(actual.sum() / forecast.sum())
    slope = 0.0
    if seen.sum() >= _LEAST_HORIZONS:
        away = place[seen] - centre
        slope = (weight * away) @ log_ratio / ((weight * away) @ away)
    reach = np.minimum(place, place[seen].max())
    return [float(factor) for factor in np.exp(trust * (mean + slope * (reach - centre)))]
