"""The factors between what the boosters say and what is forecast."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Corrections:
    """Factors on the forecasts of customers who bought, in the order in which they are applied.

    Attributes:
        activity_odds: on the odds of being active in a month (`bias_correction.py`).
        value: on the net value of a month (`bias_correction.py`).
        activity_hazard: on the hazard of being active, so that the number of active customers is the combined one
            (`total_level.py`).
        total_value: on the net value, so that the total is the combined one (`total_level.py`).
    """

    activity_odds: float
    value: float
    activity_hazard: float = 1.0
    total_value: float = 1.0
