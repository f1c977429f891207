"""What a holdout model's errors teach: the level of small and of large forecasts, and the width of intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from jobs.forecasting.bands import BandLevels
from jobs.forecasting.intervals import Intervals


@dataclass(frozen=True)
class Calibration:
    """What was learned from forecasts whose outcome is known.

    Attributes:
        levels: factors on the forecasts of customers who bought, by the size of the forecast.
        intervals: the calibrated intervals.
    """

    levels: BandLevels
    intervals: Intervals

    @classmethod
    def none(cls, coverage: float) -> Self:
        """Without matured months: the forecasts as they are, wide intervals."""
        return cls(BandLevels.none(), Intervals.uncalibrated(coverage))
