"""How strong each calendar month is, separated from growth and attrition by following customers through the months.

Customers who bought in the months before a snapshot are followed for a year: log(value in a later month / mean month
before) = decline with the distance + season of the later month - mean season of the months before. New customers never
enter, so a growing shop does not look like a season, and every pair of snapshot and distance informs two seasons at
once: a single year of history gives a first answer. A ridge penalty keeps what the data does not determine near zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.core.month import HORIZON_MONTHS, Month
from jobs.forecasting.encoder import Floats
from jobs.forecasting.outcomes import Outcomes
from jobs.forecasting.params import ModelParams

_LEAST_MONTHS = 5
_WINDOWS = (3, 6)
_CAP_QUANTILE = 0.995


@dataclass(frozen=True)
class Season:
    """Log strength of January to December: of net value, and of the number of customers who order."""

    value: Sequence[float]
    activity: Sequence[float]

    @classmethod
    def fit(cls, outcomes: Outcomes, params: ModelParams) -> Season:
        """Learn both from every month that is over; flat if there are too few."""
        months = sorted(outcomes.months)
        if len(months) < _LEAST_MONTHS:
            return cls([0.0] * 12, [0.0] * 12)
        bought = outcomes.orders > 0
        positive = outcomes.values[outcomes.values > 0]
        cap = np.quantile(positive, _CAP_QUANTILE) if len(positive) else 0.0
        return cls(
            _strengths(np.clip(outcomes.values, 0.0, cap), bought, months, params.season_ridge),
            _strengths(bought.astype(float), bought, months, params.season_ridge),
        )

    def of_value(self, months: Sequence[Month]) -> Floats:
        """Factor on the net value of each month."""
        return np.exp([self.value[month.number - 1] for month in months])

    def of_activity(self, months: Sequence[Month]) -> Floats:
        """Factor on the number of customers who order in each month."""
        return np.exp([self.activity[month.number - 1] for month in months])


def _strengths(amounts: Floats, bought: NDArray[np.bool_], months: Sequence[Month], ridge: float) -> list[float]:
    cells = list(_cells(amounts, bought, months))
    if not cells:
        return [0.0] * 12
    design, ratios = np.array([row for row, _ in cells]), np.array([ratio for _, ratio in cells])
    penalty = np.full(design.shape[1], 1e-6)
    penalty[:12] = ridge * len(_WINDOWS)
    solved = np.linalg.solve(design.T @ design + np.diag(penalty), design.T @ ratios)[:12]
    return [float(strength) for strength in solved - solved.mean()]


def _cells(amounts: Floats, bought: NDArray[np.bool_], months: Sequence[Month]) -> Iterator[tuple[Floats, float]]:
    """One row a window, snapshot and distance: season coefficients, level and decline of the window, and log ratio."""
    for position, window in enumerate(_WINDOWS):
        for now in range(window, len(months)):
            followed = bought[:, now - window : now].any(axis=1)
            before = amounts[followed, now - window : now].sum() / window
            for distance in range(1, min(HORIZON_MONTHS, len(months) - now) + 1):
                after = amounts[followed, now + distance - 1].sum()
                if before <= 0 or after <= 0:
                    continue
                row = np.zeros(12 + 2 * len(_WINDOWS))
                row[months[now + distance - 1].number - 1] += 1.0
                for earlier in months[now - window : now]:
                    row[earlier.number - 1] -= 1.0 / window
                row[12 + 2 * position : 14 + 2 * position] = 1.0, np.log(distance)
                yield row, float(np.log(after / before))
