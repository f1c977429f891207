"""How much of a forecast is the boosters': the more, the longer the history that they learned from.

A forecast is BTYD^(1 - w) x boosted^w. Boosters that learned from a short past correct too much; a holdout cannot tell
how much, because the model that it judges has seen even less.
"""

from __future__ import annotations

LEAST_WEIGHT = 1.0 / 3.0
"""Below this weight of the boosters, the forecast is named `btyd`."""

_PRIOR_MONTHS = 6.0


def boosting_weight(months: int) -> float:
    """The weight after so many months of history: a half after six, six sevenths after three years."""
    return months / (months + _PRIOR_MONTHS)
