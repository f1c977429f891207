"""Rates for customers who never bought: each gets the average outcome of customers at the same stage.

They have no history: the stage is the time since they signed up. Each cell of stage and horizon month leans
on its stage, and a stage on the whole group, as much as a few customers weigh.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.encoder import Floats

STAGES = (31.0, 92.0, 183.0, 365.0)
"""Days since signing up that separate the stages; an unknown number of days counts as the longest."""

_PRIOR_CUSTOMER_MONTHS = 50.0
_UNSEEN_P = 0.01
"""P(active) in a month of a group without observations."""


@dataclass(frozen=True)
class Seen:
    """What customers who had never bought did in one horizon month: one entry a customer.

    Attributes:
        days: days since they signed up.
        horizon: the horizon month.
        active: whether there was an order, without the month's season (a share of an order).
        value: net value, without the month's season.
    """

    days: Floats
    horizon: int
    active: Floats
    value: Floats


@dataclass(frozen=True)
class Rates:
    """P(active) and expected net value by stage and horizon month, without season.

    Attributes:
        p: one row a stage, one column a horizon month.
        value: expected net value, in the same shape.
    """

    p: Sequence[Sequence[float]]
    value: Sequence[Sequence[float]]

    @classmethod
    def fit(cls, seen: Iterable[Seen], active_value: float) -> Rates:
        """Shrunken means; `active_value` is what an active month of the average customer brings."""
        shape = (len(STAGES) + 1, HORIZON_MONTHS)
        count, active, value = np.zeros((3, *shape))
        for cell in seen:
            stage, column = _stage(cell.days), cell.horizon - 1
            count[:, column] += np.bincount(stage, minlength=shape[0])
            active[:, column] += np.bincount(stage, weights=cell.active, minlength=shape[0])
            value[:, column] += np.bincount(stage, weights=cell.value, minlength=shape[0])
        p = _shrunken(count, active, _UNSEEN_P)
        mean = _shrunken(count, np.maximum(value, 0.0), _UNSEEN_P * active_value)
        return cls(np.minimum(p, 1.0).tolist(), mean.tolist())

    def of(self, days: Floats) -> tuple[Floats, Floats]:
        """P(active) and net value of each customer and horizon month, without season."""
        stage = _stage(days)
        return np.asarray(self.p)[stage], np.asarray(self.value)[stage]


def _stage(days: Floats) -> NDArray[np.intp]:
    return np.searchsorted(np.asarray(STAGES), np.nan_to_num(days, nan=np.inf), side="left")


def _shrunken(count: Floats, total: Floats, unseen: float) -> Floats:
    """Cell means that lean on their stage's mean, and stage means that lean on the group's."""
    prior = _PRIOR_CUSTOMER_MONTHS
    group = (total.sum() + prior * unseen) / (count.sum() + prior)
    stage = (total.sum(axis=1) + prior * group) / (count.sum(axis=1) + prior)
    return np.asarray((total + prior * stage[:, None]) / (count + prior))
