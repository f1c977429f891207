"""What a holdout model's errors teach: the level, and the width of intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.forecasting.intervals import Intervals
from jobs.forecasting.total_level import OWN


@dataclass(frozen=True)
class Calibration:
    """What was learned from forecasts whose outcome is known.

    Attributes:
        total_weights: each candidate's weight in the level of the total (`total_level.py`); they sum to one.
        intervals: the calibrated intervals.
    """

    total_weights: Sequence[float]
    intervals: Intervals

    @classmethod
    def none(cls, coverage: float) -> Calibration:
        """Without matured months: the forecaster's own level, wide intervals."""
        return cls(OWN, Intervals.uncalibrated(coverage))
