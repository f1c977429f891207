"""What is expected of customers, month by month, and taken together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.forecasting.encoder import Floats
from jobs.forecasting.intervals import Outlook


@dataclass(frozen=True)
class Expectation:
    """What is expected of each customer.

    Attributes:
        p: probability of an order up to and including each horizon month, one row a customer.
        active_months: expected number of months with an order, up to and including each.
        value: expected net value of each horizon month.
        status: see `status.py`.
        method: see `status.py`.
    """

    p: Floats
    active_months: Floats
    value: Floats
    status: NDArray[np.object_]
    method: NDArray[np.object_]

    def outlook(self, months: int) -> Outlook:
        """The first `months` months taken together."""
        return Outlook(
            value=self.value[:, :months].sum(axis=1),
            p_active=self.p[:, months - 1],
            active_months=self.active_months[:, months - 1],
        )
