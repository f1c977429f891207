"""Why a new customer's forecast is higher or lower than the typical new customer's, in the standard forecast's words.

log(value) is a sum: Pareto/NBD's order days, Gamma-Gamma's value of an order day, and what each input of the two
boosters adds. The typical new customer's parts are the means over the customers who trained the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.forecasting import reason_codes
from jobs.forecasting.encoder import Floats
from jobs.forecasting.first_month.base import purchases_on_day_30
from jobs.forecasting.first_month.encoder import SHARE
from jobs.forecasting.first_month.model import FirstMonthModel
from jobs.forecasting.reason_codes import (
    FEATURE_GROUPS,
    FREQUENCY,
    ORDER_SIZE,
    PROFILE,
    RANGE,
    RECENCY,
    RETURNS,
    SPEND,
    TENURE,
)
from jobs.forecasting.reasons import reasons

_YEAR = " last year"
VOCABULARY = tuple(code.removesuffix(_YEAR) for code in reason_codes.VOCABULARY)
"""Every reason code: thirty days are no year."""

GROUP_OF_INPUT = {
    "orders_first_month": FREQUENCY,
    "order_days_first_month": FREQUENCY,
    "second_order_day": FREQUENCY,
    "last_order_day": RECENCY,
    "net_value_first_month": SPEND,
    "sales_value_first_day": SPEND,
    "units_first_month": SPEND,
    "units_first_day": SPEND,
    "order_value_mean_first_month": ORDER_SIZE,
    "unit_value_mean_first_month": ORDER_SIZE,
    "products_first_day": ORDER_SIZE,
    "products_per_order_first_month": ORDER_SIZE,
    "departments_first_month": RANGE,
    SHARE: RANGE,
    "return_value_first_month": RETURNS,
    "return_value_share_first_month": RETURNS,
    "signup_days": TENURE,
    "membership": PROFILE,
    "country": PROFILE,
}
"""The feature group of each of the boosters' inputs."""


def reasons_of(effects: Floats, others: Mapping[str, Sequence[float]]) -> NDArray[np.object_]:
    """As `reasons`, with codes of this `VOCABULARY`."""
    codes = reasons(effects, others)
    codes[codes != None] = [code.removesuffix(_YEAR) for code in codes[codes != None]]  # noqa: E711
    return codes


def effects(model: FirstMonthModel, features: pd.DataFrame) -> Floats:
    """What each feature group adds to log(value): one row a customer, one column a group of `FEATURE_GROUPS`."""
    groups = dict.fromkeys(FEATURE_GROUPS, np.zeros(len(features)))
    for group, part in _base(model, features).items():
        groups[group] = groups[group] + part
    for correction in (model.orders, model.value):
        for name, part in zip(correction.encoder.names, correction.contributions(features).T, strict=True):
            group = GROUP_OF_INPUT[SHARE if name.startswith(SHARE) else name]
            groups[group] = groups[group] + part
    return np.stack([groups[group] for group in FEATURE_GROUPS], axis=1)


def _base(model: FirstMonthModel, features: pd.DataFrame) -> dict[str, Floats]:
    """The rate of a customer who has just ordered x the value of an order day x what the days since then say."""
    known, purchases = purchases_on_day_30(features), model.base.purchases
    months, year = model.base.order_days(features), np.zeros(len(features))
    for month in range(months.shape[1]):
        year = year + months[:, month]
    rate = np.log((purchases.r + known.repeats) / (purchases.alpha + known.age))
    return {FREQUENCY: rate, RECENCY: np.log(year) - rate, ORDER_SIZE: np.log(model.base.order_day_value(features))}
