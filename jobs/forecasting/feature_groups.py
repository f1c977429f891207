"""Which feature group each input belongs to."""

from __future__ import annotations

import re
from functools import cache

from jobs.features.table import feature_columns
from jobs.forecasting.base_margin import HORIZON_NAMES, NAMES
from jobs.forecasting.reason_codes import (
    FREQUENCY,
    LATELY,
    LOGINS,
    ORDER_SIZE,
    PROFILE,
    RANGE,
    RECENCY,
    RETURNS,
    SEASON,
    SPEND,
    TENURE,
)

_DECLARED = {column.name: column.theme for column in feature_columns(())}
_OF_HISTORY = frozenset((*NAMES, *HORIZON_NAMES))
_DEPARTMENT_WINDOW = re.compile(r"(net_value|orders|order_value_mean)_.+_\d+d")

_OF_DECLARED = {
    "calendar": SEASON,
    "departments": RANGE,
    "diversity": RANGE,
    "logins": LOGINS,
    "profile": PROFILE,
    "returns": RETURNS,
}
"""Theme of the features table → feature group. The other themes hold several groups, which the name decides."""

_BY_NAME = (
    (re.compile(r"(signup|tenure)_days"), TENURE),
    (re.compile(r"order_value_mean.*"), ORDER_SIZE),
    (re.compile(r".*recency.*|last_ordered_on|p_active_start"), RECENCY),
    (re.compile(r"first_ordered_on"), TENURE),
    (re.compile(r"horizon|.*year_before"), SEASON),
    (re.compile(r".*_(1|7|30|60)d|.*_[123]m(_ago)?|.*_own_quarter"), LATELY),
    (re.compile(r"(orders|order_days|active|gap_days|rfm_frequency).*"), FREQUENCY),
    (re.compile(r"(net_value|sales_value|units|rfm_monetary).*"), SPEND),
)
"""The first pattern that a whole name matches decides."""


@cache
def feature_group_of(name: str) -> str:
    """The feature group of an input; raises ValueError for a name that is neither a feature nor from history."""
    if name not in _OF_HISTORY:
        if name not in _DECLARED and _DEPARTMENT_WINDOW.fullmatch(name):
            return RANGE
        if name not in _DECLARED:
            raise ValueError(f"input {name} has no feature group: declare it in jobs/features/table.py")
        group = _OF_DECLARED.get(_DECLARED[name])
        if group is not None and name != "signup_days":
            return group
    for pattern, group in _BY_NAME:
        if pattern.fullmatch(name):
            return group
    raise ValueError(f"input {name} has no feature group: add one in jobs/forecasting/feature_groups.py")
