"""Rates for customers the model is not asked about: those who never bought, and those who have not for a year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jobs.forecasting.inputs import Floats

_PRIOR_CUSTOMERS = 20.0


@dataclass(frozen=True)
class Rate:
    """What a group's average customer does in each horizon month.

    Attributes:
        p: probability of an order.
        value: expected net value.
    """

    p: Sequence[float]
    value: Sequence[float]

    @classmethod
    def fit(cls, active: Floats, value: Floats, matured: Floats, prior: Rate) -> Rate:
        """Means by horizon month, mixed with a prior that weighs as much as a few customers.

        Args:
            active: customers of the group with an order, by horizon month.
            value: their net value, by horizon month.
            matured: customers of the group whose month is over, by horizon month.
            prior: the rate of a group without a history.
        """
        weight = matured + _PRIOR_CUSTOMERS
        p = (active + _PRIOR_CUSTOMERS * np.asarray(prior.p)) / weight
        mean = (np.maximum(value, 0.0) + _PRIOR_CUSTOMERS * np.asarray(prior.value)) / weight
        return cls(p.tolist(), mean.tolist())
