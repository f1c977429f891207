"""What a holdout model's errors teach: the weight of the booster's correction, the level, the width of intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.forecasting.intervals import Intervals
from jobs.forecasting.total_level import OWN_ACTIVITY, OWN_MONEY


@dataclass(frozen=True)
class Calibration:
    """What was learned from forecasts whose outcome is known.

    Attributes:
        correction_weight: how much of the value booster's correction is used, 0 to 1.
        money_weights: each candidate's weight in the level of the total (`total_level.py`); they sum to one.
        activity_weights: each candidate's weight in the number of active customers; they sum to one.
        intervals: the calibrated intervals.
    """

    correction_weight: float
    money_weights: Sequence[float]
    activity_weights: Sequence[float]
    intervals: Intervals

    @classmethod
    def none(cls, coverage: float) -> Calibration:
        """Without matured months: no correction by the booster, the panel's own level, wide intervals."""
        return cls(0.0, OWN_MONEY, OWN_ACTIVITY, Intervals.uncalibrated(coverage))
