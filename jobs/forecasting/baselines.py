"""What the forecaster has to beat: trailing value and buy-till-you-die."""

from __future__ import annotations

import numpy as np

from jobs.forecasting.base_margin import BaseModels
from jobs.forecasting.encoder import Customers, Floats


def trailing_value(customers: Customers, months: int) -> Floats:
    """The mean month of the last twelve (fewer, where the shop is younger), times the months to forecast."""
    known = max(int((~np.isnan(customers.values)).sum(axis=1).max(initial=0)), 1)
    return np.asarray(np.nansum(customers.values, axis=1) / known * months)


def btyd_value(base_models: BaseModels, customers: Customers, months: int) -> Floats:
    """Pareto/NBD x Gamma-Gamma with the months' seasons; zero for customers who never bought."""
    value, bought = np.zeros(len(customers)), customers.has_bought
    value[bought] = np.exp(base_models.history(customers.take(bought)).first(months).log_btyd)
    return value
