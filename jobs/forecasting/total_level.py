"""The level of the total: several forecasts of it, combined with weights from their past errors.

The total of all customers is where each method has a bias of its own: a panel learns the attrition of past years,
buy-till-you-die models assume that no customer comes back, and the customers' own last year knows no attrition. Their
geometric mean, weighted by the inverse of the squared errors that they made on a holdout, errs less than any of them
(Bates and Granger 1969, "The Combination of Forecasts", Operational Research Quarterly 20(4)). The prior error keeps a
candidate that was lucky a few times from taking all the weight.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jobs.forecasting.base_margin import History
from jobs.forecasting.encoder import Floats

PRIOR_ERROR = 0.15
"""Standard error of the log total that each candidate is assumed to have shown before."""

OWN = (1.0, 0.0, 0.0)
"""The weights without a holdout: the forecaster's own total."""

_LEAST_TOTAL = 1e-9


def candidates(own: Floats, history: History, months: int) -> Floats:
    """Totals of the customers who bought: the forecaster's own, BTYD's, and the customers' own last year.

    Args:
        own: the forecaster's net value of each horizon month, one row a customer.
        history: the history of the same customers.
        months: how many horizon months are added up.
    """
    base = history.first(months)
    last_year = max(float(np.nansum(history.values)), 0.0) / history.known_months * base.season
    totals = [own[:, :months].sum(), np.exp(base.logs[:, 0]).sum(), last_year]
    return np.maximum(totals, _LEAST_TOTAL)


def weigh(errors: Floats) -> list[float]:
    """The candidates' weights, which sum to one.

    Args:
        errors: logarithms of actual over forecast total, one row an origin, one column a candidate.
    """
    precision = 1.0 / (np.mean(np.square(errors), axis=0) + PRIOR_ERROR**2)
    return [float(weight) for weight in precision / precision.sum()]


def combined(totals: Floats, weights: Sequence[float]) -> float:
    """The weighted geometric mean of the candidates' totals."""
    return float(np.exp(np.log(totals) @ np.asarray(weights)))
