"""The level of the total: several forecasts of it, combined with weights from their past errors.

The total of all customers is where each method has a bias of its own: a panel learns the attrition of past years,
buy-till-you-die models assume that no customer comes back, and the customers' own last year knows no attrition. Their
geometric mean, weighted by the inverse of the squared errors that they made on a holdout, errs less than any of them
(Bates and Granger 1969, "The Combination of Forecasts", Operational Research Quarterly 20(4)). The prior error keeps a
candidate that was lucky a few times from taking all the weight. The number of active customers is combined in the same
way.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jobs.forecasting.base_margin import History
from jobs.forecasting.encoder import Floats
from jobs.forecasting.prediction import Expectation

PRIOR_ERROR_MONEY, PRIOR_ERROR_ACTIVITY = 0.15, 0.05
"""Standard errors of the log total that each candidate is assumed to have shown before."""

OWN_MONEY, OWN_ACTIVITY = (1.0, 0.0, 0.0), (1.0, 0.0)
"""The weights without a holdout: the forecaster's own total."""

_LEAST_TOTAL = 1e-9


def candidates(own: Expectation, history: History, months: int) -> tuple[Floats, Floats]:
    """Totals of customers who bought.

    Args:
        own: the forecaster's expectation of them.
        history: the history of the same customers.
        months: how many horizon months are added up.

    Returns:
        Money: the forecaster's own, BTYD's, and the customers' own last year. Active months: its own, and BTYD's.
    """
    ahead = [history.month(horizon) for horizon in range(1, months + 1)]
    btyd = sum(float(np.exp(month.logs[:, 0]).sum()) * month.season for month in ahead)
    a_month = max(float(np.nansum(history.values)), 0.0) / history.known_months
    last_year = sum(a_month * month.season for month in ahead)
    active = sum(float(month.p.sum()) for month in ahead)
    money = np.maximum([own.value[:, :months].sum(), btyd, last_year], _LEAST_TOTAL)
    return money, np.maximum([own.p[:, :months].sum(), active], _LEAST_TOTAL)


def weigh(errors: Floats, prior_error: float) -> list[float]:
    """The candidates' weights, which sum to one.

    Args:
        errors: logarithms of actual over forecast total, one row an origin, one column a candidate.
        prior_error: standard error of such a logarithm that each candidate is assumed to have shown before.
    """
    precision = 1.0 / (np.mean(np.square(errors), axis=0) + prior_error**2)
    return [float(weight) for weight in precision / precision.sum()]


def combined(totals: Floats, weights: Sequence[float]) -> float:
    """The weighted geometric mean of the candidates' totals."""
    return float(np.exp(np.log(totals) @ np.asarray(weights)))
