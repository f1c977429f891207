"""Customers in five bands by the size of their forecast: errors of level, and widths of intervals, are learned by band.

In each band, the actual money of a holdout over the forecast is a factor, once all bands together are at the actual
level. It is shrunk towards one the fewer customers and months there were. Between the middles of the bands it changes
evenly with the logarithm of the forecast, and a larger forecast stays larger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.encoder import Floats

BANDS = (0.2, 0.4, 0.6, 0.8)
"""Quantiles of the forecast between the bands."""

_PRIOR_CUSTOMERS = 100.0
_LEAST_VALUE = 1e-9


@dataclass(frozen=True)
class BandLevels:
    """Logarithms of factors on the forecasts.

    Attributes:
        middles: logarithm of the forecast of a mean month in the middle of each band, rising.
        log_factors: of each band.
    """

    middles: Sequence[float]
    log_factors: Sequence[float]

    @classmethod
    def none(cls) -> Self:
        """Nothing is changed."""
        return cls([0.0], [0.0])

    @classmethod
    def fit(cls, value: Floats, actual: Floats, months: int) -> Self:
        """Learn from the forecasts of a holdout: one value a customer, of so many months."""
        if actual.sum() <= 0.0 or value.sum() <= 0.0:
            return cls.none()
        band = band_of(value, edges(value))
        bands = [band == b for b in range(len(BANDS) + 1)]
        chosen = [inside for inside in bands if inside.any() and value[inside].sum() > 0.0]
        middles = np.log([max(np.median(value[inside]) / months, _LEAST_VALUE) for inside in chosen])
        at_level = value * actual.sum() / value.sum()
        seen = min(months / HORIZON_MONTHS, 1.0)
        factors = seen * np.array([_log_factor(at_level[inside], actual[inside]) for inside in chosen])
        return cls(middles.tolist(), (np.maximum.accumulate(middles + factors) - middles).tolist())

    def of(self, a_month: Floats) -> Floats:
        """The factors on forecasts, given those of a mean month."""
        logs = np.log(np.maximum(a_month, _LEAST_VALUE))
        return np.asarray(np.exp(np.interp(logs, self.middles, self.log_factors)))


def edges(value: Floats) -> Floats:
    """What separates the bands of these forecasts."""
    return np.asarray(np.quantile(value, BANDS))


def band_of(value: Floats, between: Sequence[float] | Floats) -> NDArray[np.intp]:
    """The band of each forecast, 0 for the smallest."""
    return np.searchsorted(np.asarray(between), value, side="right")


def _log_factor(value: Floats, actual: Floats) -> float:
    """The prior customers brought what was forecast."""
    surprise = max(float(actual.sum()), 0.0) / float(value.sum()) - 1.0
    return float(np.log1p(surprise * len(value) / (len(value) + _PRIOR_CUSTOMERS)))
