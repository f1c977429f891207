"""What a month's forecast consists of: the logarithm of its net value as a sum over feature groups.

log(value) = the pooled logarithms of the base models + what the activity booster adds + correction_weight x what the
value booster adds. The boosters' parts are additive feature attributions in log-odds and in logarithms: exact SHAP
values (Lundberg, Erion and Lee 2018, "Consistent individualized feature attribution for tree ensembles"), or the
attribution along each tree's path (Saabas 2014), which is additive too, takes a twenty-fifth of the time and hardly
differs for trees this shallow. The base models' parts follow from their formulas.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.base_margin import HORIZON_NAMES, QUARTER, History, purchases
from jobs.forecasting.encoder import Floats
from jobs.forecasting.feature_groups import feature_group_of
from jobs.forecasting.reason_codes import FEATURE_GROUPS, FREQUENCY, LATELY, ORDER_SIZE, RECENCY
from jobs.forecasting.two_part import ACTIVITY_WEIGHT, TwoPartModel

_QUARTER_WEEKS = 13.0


@dataclass(frozen=True)
class Attributions:
    """The logarithm of a month's net value, without season, taken apart.

    Attributes:
        groups: one row a customer, one column a group of `FEATURE_GROUPS`.
        base: the rest: the same for all customers but for the activity booster's mean correction, which counts for
            less the closer P(active) is to one.
    """

    groups: Floats
    base: Floats

    @property
    def log_value(self) -> Floats:
        """Base and groups taken together: the forecast before its level is calibrated."""
        total = self.base
        for column in range(len(FEATURE_GROUPS)):
            total = total + self.groups[:, column]
        return total


def attributions(
    two_part: TwoPartModel, history: History, horizon: int, correction_weight: float, *, exact: bool = False
) -> Attributions:
    """Take the forecast of a horizon month apart; a customer's row does not depend on the others.

    Args:
        two_part: the boosters.
        history: customers who bought.
        horizon: the horizon month.
        correction_weight: how much of the value booster's correction is used.
        exact: SHAP values instead of the attribution along the path.
    """
    month = history.month(horizon)
    activity, value = two_part.contributions(np.concatenate([history.inputs(), month.inputs], axis=1), exact=exact)
    boosted = ACTIVITY_WEIGHT * _slope(month.p, activity)[:, None] * activity + correction_weight * value
    groups = dict.fromkeys(FEATURE_GROUPS, np.zeros(len(boosted)))
    for column, name in enumerate(two_part.names):
        groups[feature_group_of(name)] = groups[feature_group_of(name)] + boosted[:, column]
    pooled = HORIZON_NAMES[-len(two_part.pool.weights) :]
    for position, (name, weight) in enumerate(zip(pooled, two_part.pool.weights, strict=True)):
        for group, part in _BASE_PARTS[name](history, month.logs[:, position]).items():
            groups[group] = groups[group] + weight * part
    return Attributions(
        np.stack([groups[group] for group in FEATURE_GROUPS], axis=1), two_part.pool.level + boosted[:, -1]
    )


def silent(history: History, months: int) -> NDArray[np.bool_]:
    """Who has not ordered for so many months, as far as they are known."""
    return np.asarray(np.nan_to_num(history.orders[:, :months]).max(axis=1) <= 0.0)


def _slope(p_base: Floats, activity: Floats) -> Floats:
    """By how much log P(active) moves as its log-odds do, from the start to what the booster makes of it."""
    start = np.log(p_base / (1.0 - p_base))
    moved = np.zeros(len(start))
    for column in range(activity.shape[1]):
        moved = moved + activity[:, column]
    change = np.log1p(np.exp(-start)) - np.log1p(np.exp(-start - moved))
    still = moved == 0.0
    return np.where(still, 1.0 - p_base, change / np.where(still, 1.0, moved))


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


_BASE_PARTS: dict[str, Callable[[History, Floats], dict[str, Floats]]] = {
    "net_value_btyd": _btyd,
    "net_value_own_year": _own_year,
    "net_value_own_quarter": _own_quarter,
}


def _log_orders(history: History, months: int) -> Floats:
    """Logarithm of the mean orders of the newest months, mixed with as many as make the average customer's value."""
    models = history.base_models
    mean = models.value_mean / float(models.spend.expected_value(np.zeros(1), np.zeros(1))[0])
    return np.log(history.shrunken_mean(history.orders, mean, months))
