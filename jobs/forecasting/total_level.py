"""The level of the total: the forecast's own, with a tenth of the weight given to the customers' own last year.

The combination errs less than either of them (Bates and Granger 1969, "The Combination of Forecasts", Operational
Research Quarterly 20(4)): the boosters learn the attrition of past years, the customers' own last year contains no
attrition.
"""

from __future__ import annotations

import numpy as np

from jobs.forecasting.base_margin import History

OWN_YEAR_WEIGHT = 0.1


def combined(total: float, history: History, months: int) -> float:
    """The total of customers who bought over the first months.

    Args:
        total: as it is forecast; it stands alone where the year brought nothing.
        history: the history of the same customers.
        months: how many horizon months are added up.
    """
    last_year = float(np.nansum(history.values)) / history.known_months * history.first(months).season
    if last_year <= 0.0:
        return total
    return float(total ** (1.0 - OWN_YEAR_WEIGHT) * last_year**OWN_YEAR_WEIGHT)
