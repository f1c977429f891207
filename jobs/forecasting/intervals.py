"""Split-conformal intervals by value band: how far matured outcomes lay from forecasts made before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jobs.forecasting.inputs import Floats

BANDS = (0.0, 0.5, 0.8, 0.9, 1.0)
"""Quantiles of the forecast between which customers share an interval's relative width."""


@dataclass(frozen=True)
class Intervals:
    """Per band of the forecast: its upper edge, and the interval's ends as multiples of the forecast."""

    edges: Sequence[float]
    lower: Sequence[float]
    upper: Sequence[float]

    @classmethod
    def fit(cls, actual: Floats, forecast: Floats, coverage: float) -> Intervals:
        """Calibrate on outcomes that the forecasts have not seen."""
        edges = np.quantile(forecast, BANDS[1:])
        band = np.searchsorted(edges[:-1], forecast, side="right")
        ratio = actual / np.maximum(forecast, 0.01)
        tail = (1.0 - coverage) / 2.0
        ends = [np.quantile(ratio[band == b], [tail, 1.0 - tail]) for b in range(len(edges))]
        return cls(edges[:-1].tolist(), [float(e[0]) for e in ends], [float(e[1]) for e in ends])

    def of(self, forecast: Floats) -> tuple[Floats, Floats]:
        """Lower and upper end for each forecast; the interval always holds the forecast."""
        band = np.searchsorted(np.asarray(self.edges), forecast, side="right")
        lower = forecast * np.minimum(np.asarray(self.lower)[band], 1.0)
        upper = forecast * np.maximum(np.asarray(self.upper)[band], 1.0)
        return np.minimum(lower, forecast), np.maximum(upper, forecast)
