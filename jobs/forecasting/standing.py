"""How a customer stands at `as_of`, and which method forecasts him: defined here and nowhere else."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jobs.forecasting.inputs import Customers, Floats
from jobs.forecasting.params import ModelParams

MODEL, COHORT_PRIOR, DORMANT_RATE = "model", "cohort_prior", "dormant_rate"
NEW, ACTIVE, LAPSING, DORMANT, NEVER_BOUGHT = "new", "active", "lapsing", "dormant", "never_bought"

_SCALE_PRIOR_DAYS = 2.0

_METHOD = {NEW: MODEL, ACTIVE: MODEL, LAPSING: MODEL, DORMANT: DORMANT_RATE, NEVER_BOUGHT: COHORT_PRIOR}


def status(customers: Customers, params: ModelParams) -> NDArray[np.object_]:
    """The status of each customer.

    `never_bought`: no order yet. `dormant`: last order more than `dormant_days` ago. `new`: first order at most
    `new_days` ago. `active`: last order at most `active_days` ago. `lapsing`: everybody in between.
    """
    recency, tenure = customers.recency_days, customers.tenure_days
    return np.select(
        [
            np.isnan(recency),
            recency > params.dormant_days,
            tenure <= params.new_days,
            recency <= params.active_days,
        ],
        [NEVER_BOUGHT, DORMANT, NEW, ACTIVE],
        default=LAPSING,
    ).astype(object)


def method(status: NDArray[np.object_]) -> NDArray[np.object_]:
    """The method that forecasts customers of a status."""
    return np.array([_METHOD[name] for name in status], dtype=object)


def scale(customers: Customers, name: str, typical: float) -> Floats:
    """The size of customers outside the model: a dormant one's mean day with an order, against a typical month."""
    if name != DORMANT_RATE:
        return np.ones(len(customers))
    own = np.maximum(customers.net_value, 0.0) + _SCALE_PRIOR_DAYS * typical
    return np.asarray(own / (customers.order_days + _SCALE_PRIOR_DAYS) / typical)
