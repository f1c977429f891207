"""Rates for customers the model is not asked about: those who never bought, and those who have not for long.

Their own history says next to nothing, so each gets what customers who stood as he does went on to do: customers who
never bought by the days since they signed up, dormant ones by the days since their last order. Each cell of stage and
horizon month leans on its stage, and a stage on the whole group, as much as a few customers weigh.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from jobs.forecasting.inputs import Floats
from jobs.month import HORIZON_MONTHS

NEVER_BOUGHT_STAGES = (31.0, 92.0, 183.0, 365.0)
DORMANT_STAGES = (548.0, 731.0)
"""Days that separate the stages; an unknown number of days counts as the longest."""

_PRIOR_CUSTOMER_MONTHS = 50.0
_UNSEEN_P = 0.01
"""P(active) in a month of a group that nobody has been seen in yet."""


@dataclass(frozen=True)
class Seen:
    """What customers of a group did in one horizon month: one entry a customer.

    Attributes:
        days: days that decide the stage.
        horizon: the horizon month.
        active: whether there was an order, without the month's season (a share of an order).
        value: net value, without the month's season.
        scale: the customer's own size; value is proportional to it.
    """

    days: Floats
    horizon: int
    scale: Floats
    active: Floats
    value: Floats


@dataclass(frozen=True)
class Rates:
    """P(active), and expected net value of a customer of size one, by stage and horizon month, without season.

    Attributes:
        stages: days that separate the stages.
        p: one row a stage, one column a horizon month.
        value: likewise.
    """

    stages: Sequence[float]
    p: Sequence[Sequence[float]]
    value: Sequence[Sequence[float]]

    @classmethod
    def fit(cls, stages: Sequence[float], seen: Iterable[Seen], active_value: float) -> Rates:
        """Shrunken means; `active_value` is what an active month of the average customer brings."""
        shape = (len(stages) + 1, HORIZON_MONTHS)
        count, scale, active, value = np.zeros((4, *shape))
        for cell in seen:
            stage = _stage(stages, cell.days)
            count[:, cell.horizon - 1] += np.bincount(stage, minlength=shape[0])
            scale[:, cell.horizon - 1] += np.bincount(stage, weights=cell.scale, minlength=shape[0])
            active[:, cell.horizon - 1] += np.bincount(stage, weights=cell.active, minlength=shape[0])
            value[:, cell.horizon - 1] += np.bincount(stage, weights=cell.value, minlength=shape[0])
        p = _shrunken(count, active, _UNSEEN_P)
        mean = _shrunken(scale, np.maximum(value, 0.0), _UNSEEN_P * active_value)
        return cls(list(stages), np.minimum(p, 1.0).tolist(), mean.tolist())

    def of(self, days: Floats, scale: Floats) -> tuple[Floats, Floats]:
        """P(active) and net value of each customer and horizon month, without season."""
        stage = _stage(self.stages, days)
        return np.asarray(self.p)[stage], np.asarray(self.value)[stage] * scale[:, None]


def _stage(stages: Sequence[float], days: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    return np.searchsorted(np.asarray(stages), np.nan_to_num(days, nan=np.inf), side="left")


def _shrunken(count: Floats, total: Floats, unseen: float) -> Floats:
    """Cell means that lean on their stage's mean, and stage means that lean on the group's."""
    prior = _PRIOR_CUSTOMER_MONTHS
    group = (total.sum() + prior * unseen) / (count.sum() + prior)
    stage = (total.sum(axis=1) + prior * group) / (count.sum(axis=1) + prior)
    return np.asarray((total + prior * stage[:, None]) / (count + prior))
