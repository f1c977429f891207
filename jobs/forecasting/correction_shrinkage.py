"""How much of the value booster's correction is used: the more, the longer the history it learned from.

A forecast is base x (boosted / base)^w. A booster that learned from a short past corrects too much; a holdout cannot
tell how much, because the model that it judges has seen even less.
"""

from __future__ import annotations

LITTLE_CORRECTION = 1.0 / 3.0
"""Below this weight, the forecast is named after the base models: `btyd`."""

_PRIOR_MONTHS = 6.0


def correction_weight(months: int) -> float:
    """The weight after so many months of history: a half after six, six sevenths after three years."""
    return months / (months + _PRIOR_MONTHS)
