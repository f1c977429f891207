"""The status of a customer at `as_of`, and the method that forecasts the customer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jobs.forecasting.encoder import Customers
from jobs.forecasting.params import ModelParams

MODEL, BTYD, COHORT_PRIOR = "model", "btyd", "cohort_prior"
"""How a customer is forecast at `as_of`."""
BY_FIRST_MONTH, BY_STANDARD = "first_month", "standard"
"""How a new customer is forecast when the first month is over."""
NEW, ACTIVE, LAPSING, DORMANT, NEVER_BOUGHT = "new", "active", "lapsing", "dormant", "never_bought"
STATUSES = (NEW, ACTIVE, LAPSING, DORMANT, NEVER_BOUGHT)


def status(customers: Customers, params: ModelParams) -> NDArray[np.object_]:
    """The status of each customer.

    `never_bought`: no order yet. `dormant`: last order more than `dormant_days` ago. `new`: first order at most
    `new_days` ago. `active`: last order at most `active_days` ago. `lapsing`: customers in between.
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


def method(status: NDArray[np.object_], buyers: str = MODEL) -> NDArray[np.object_]:
    """The method that forecasts customers of a status: `buyers` for customers who bought, else the cohort's rates."""
    return np.where(status == NEVER_BOUGHT, COHORT_PRIOR, buyers).astype(object)
