"""What is expected of customers, month by month, and taken together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.forecasting.encoder import Floats
from jobs.forecasting.frailty import p_active
from jobs.forecasting.intervals import Outlook


@dataclass(frozen=True)
class Expectation:
    """What is expected of each customer.

    Attributes:
        p: P(active) in each horizon month, one row a customer.
        value: expected net value of each horizon month.
        frailty: see `frailty.py`, one a customer.
        status: see `status.py`.
        method: see `status.py`.
    """

    p: Floats
    value: Floats
    frailty: Floats
    status: NDArray[np.object_]
    method: NDArray[np.object_]

    def outlook(self, months: int) -> Outlook:
        """The first `months` months taken together."""
        return Outlook(
            value=self.value[:, :months].sum(axis=1),
            p_active=p_active(self.p[:, :months], self.frailty)[:, -1],
            active_months=self.p[:, :months].sum(axis=1),
        )
