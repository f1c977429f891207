"""What a forecast consists of: the logarithm of the year's net value as a sum over feature groups.

log(value) = (1 - w) x BTYD's + w x (the mean of the base models' + what the value boosters add), w being the weight of
the boosters; this is the value before it is calibrated by its size. The boosters' part is additive in logarithms: exact
SHAP values (Lundberg, Erion and Lee 2018, "Consistent individualized feature attribution for tree ensembles"), or the
attribution along each tree's path (Saabas 2014), which is additive too, takes far less time and hardly differs for
trees this shallow. The base models' parts follow from their formulas.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.base_margin import QUARTER, History, purchases
from jobs.forecasting.encoder import Floats
from jobs.forecasting.feature_groups import feature_group_of
from jobs.forecasting.reason_codes import FEATURE_GROUPS, FREQUENCY, LATELY, ORDER_SIZE, RECENCY
from jobs.forecasting.two_part import TwoPartModel

_QUARTER_WEEKS = 13.0


def attributions(
    two_part: TwoPartModel, history: History, weight: float, *, exact: bool = False
) -> tuple[Floats, float]:
    """Take the forecast of the year apart; a customer's row does not depend on the others.

    Args:
        two_part: the boosters.
        history: customers who bought.
        weight: of the boosted value; BTYD has the rest.
        exact: SHAP values instead of the attribution along the path.

    Returns:
        One row a customer, one column a group of `FEATURE_GROUPS`; and the rest, which all customers share.
    """
    year = history.first(HORIZON_MONTHS)
    boosted = two_part.contributions(np.concatenate([history.inputs(), year.inputs], axis=1), exact=exact)
    groups = dict.fromkeys(FEATURE_GROUPS, np.zeros(len(boosted)))
    for column, name in enumerate(two_part.names):
        groups[feature_group_of(name)] = groups[feature_group_of(name)] + weight * boosted[:, column]
    log_months = np.log(year.season)
    for position, parts_of in enumerate(_BASE_PARTS):
        share = weight / len(_BASE_PARTS) + (1.0 - weight if parts_of is _btyd else 0.0)
        for group, part in parts_of(history, year.logs[:, position] - log_months).items():
            groups[group] = groups[group] + share * part
    shared = float(log_months + weight * boosted[:1, -1].sum())
    return np.stack([groups[group] for group in FEATURE_GROUPS], axis=1), shared


def silent(history: History, months: int) -> NDArray[np.bool_]:
    """Who has not ordered for so many months, as far as they are known."""
    return np.asarray(np.nan_to_num(history.orders[:, :months]).max(axis=1) <= 0.0)


def _btyd(history: History, log_value: Floats) -> dict[str, Floats]:
    """Orders to expect of a buyer after a quarter's silence x value of an order day x what the silence itself says."""
    known, model = purchases(history.customers), history.base_models.purchases
    rate = np.log((model.r + known.repeats) / (model.alpha + known.last + _QUARTER_WEEKS))
    size = np.log(history.order_day_value())
    return {FREQUENCY: rate, ORDER_SIZE: size, RECENCY: log_value - rate - size}


def _own_year(history: History, log_value: Floats) -> dict[str, Floats]:
    """Orders of a month x value of an order, both leaning on the average customer's."""
    year = _log_orders(history, HORIZON_MONTHS)
    return {FREQUENCY: year, ORDER_SIZE: log_value - year}


def _own_quarter(history: History, log_value: Floats) -> dict[str, Floats]:
    """As the year, the orders of the quarter as those of the year x how many more or fewer they are lately."""
    year, quarter = _log_orders(history, HORIZON_MONTHS), _log_orders(history, QUARTER)
    return {FREQUENCY: year, LATELY: quarter - year, ORDER_SIZE: log_value - quarter}


_BASE_PARTS = (_btyd, _own_year, _own_quarter)
"""In the order of `BaseForecast.logs`."""


def _log_orders(history: History, months: int) -> Floats:
    """Logarithm of the mean orders of the newest months, mixed with as many as make the average customer's value."""
    models = history.base_models
    mean = models.value_mean / float(models.spend.expected_value(np.zeros(1), np.zeros(1))[0])
    return np.log(history.shrunken_mean(history.orders, mean, months))
