"""The columns of a features snapshot: one row per customer known at `as_of`, made only from what happened before it.

Names carry window and unit: `_30d` is the 30 days before `as_of`, `_month_lag_01` the calendar month before it (the
data month), `_lifetime` everything before it. Values are in the shop's currency.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from jobs.core.month import HORIZON_MONTHS
from jobs.core.refusal import RefusedError
from jobs.lake.tables import MONEY, Column, Table

Role = Literal["key", "state", "attribute", "feature", "category", "history"]

WINDOW_DAYS = (1, 7, 30, 60, 120, 365)
YEAR_DAYS = WINDOW_DAYS[-1]
LOGIN_WINDOW_DAYS = (7, 30)
LOGIN_RECENCY_DAYS = 90
LAG_MONTHS = tuple(range(1, HORIZON_MONTHS + 1))
SEASON_LAG_MONTHS = LAG_MONTHS[-3:]
"""The lags that are, a year earlier, the first three months of the forecast."""

DAYPARTS = ("night", "morning", "afternoon", "evening")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True)
class FeatureColumn(Column):
    """A column of the snapshot.

    Attributes:
        theme: the business idea it belongs to.
        role: `key`, `state` (exact, what the next snapshot continues from) and `attribute` (known of the customer) are
            no inputs of the boosters; `feature` (a number) and `category` (a text) may be, as
            `jobs/forecasting/encoder.py` chooses; `history` (a calendar month's figure) gives the customer's twelve
            months, and the labels of earlier snapshots.
    """

    theme: str
    role: Role


def feature_columns(departments: Sequence[str]) -> tuple[FeatureColumn, ...]:
    """The columns of a shop that declares these departments; raises ValueError where two names would be the same."""
    columns = (
        *_KEY,
        *_PROFILE,
        *_LIFETIME,
        *_LIFETIME_MONTHS,
        *_HISTORY,
        *_window_columns(),
        *(column for department in departments for column in _window_columns(department)),
        *_YEAR,
        *_RFM,
        *_LOGINS,
    )
    names = [column.name for column in columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RefusedError(
            f"departments {', '.join(departments)} make the columns {', '.join(twice)} twice: rename one"
        )
    return columns


def features(departments: Sequence[str]) -> Table:
    """The features table of a shop that declares these departments."""
    return Table("features", "a customer known at as_of", "as_of", feature_columns(departments))


def window_name(measure: str, days: int, department: str | None = None) -> str:
    """The name of a trailing window's column, as `net_value_30d` or `net_value_grocery_30d`."""
    part = "" if department is None else f"{_slug(department)}_"
    return f"{measure}_{part}{days}d"


def lag_name(measure: str, lag: int) -> str:
    """The name of a calendar month's column, as `orders_month_lag_01`."""
    return f"{measure}_month_lag_{lag:02d}"


def _slug(department: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "_", department.lower()).strip("_")
    if not slug:
        raise RefusedError(f"department {department!r} cannot name a column: use letters or digits a-z, 0-9")
    return slug


def _number(theme: str, name: str, comment: str) -> FeatureColumn:
    return FeatureColumn(name, "double", comment, theme, "feature")


def _window_columns(department: str | None = None) -> tuple[FeatureColumn, ...]:
    where = "" if department is None else f" in department '{department}'"
    theme = "windows" if department is None else "departments"
    return tuple(
        _number(theme, window_name(measure, days, department), f"{meaning}{where}, {days} d before as_of")
        for days in WINDOW_DAYS
        for measure, meaning in (
            ("net_value", "Sales less returns"),
            ("orders", "Orders"),
            ("order_value_mean", "Sales per order (null without one)"),
        )
    )


_KEY = (FeatureColumn("customer_id", "string", "The customer", "profile", "key"),)

_PROFILE = (
    FeatureColumn("signup_on", "date", "Day the account was opened, where the shop tells it", "profile", "attribute"),
    _number("profile", "signup_days", "Days since the account was opened"),
    FeatureColumn("membership", "string", "none, monthly or annual", "profile", "category"),
    FeatureColumn("city", "string", "City of the account", "profile", "category"),
    FeatureColumn("country", "string", "Country of the account", "profile", "category"),
)

_LIFETIME = (
    FeatureColumn("first_ordered_on", "date", "Day of the first order (null: never ordered)", "lifetime", "state"),
    FeatureColumn("last_ordered_on", "date", "Day of the last order (null: never ordered)", "lifetime", "state"),
    FeatureColumn("orders_lifetime", "bigint", "Orders", "lifetime", "feature"),
    FeatureColumn("order_days_lifetime", "bigint", "Days with at least one order", "lifetime", "feature"),
    FeatureColumn("net_value_lifetime", MONEY, "Sales less returns", "lifetime", "feature"),
    FeatureColumn("sales_value_lifetime", MONEY, "Sales alone", "lifetime", "feature"),
    FeatureColumn("return_value_lifetime", MONEY, "Returns alone, as a positive amount", "returns", "feature"),
    FeatureColumn("return_orders_lifetime", "bigint", "Returns", "returns", "feature"),
    FeatureColumn("units_lifetime", MONEY, "Units sold less units returned", "lifetime", "feature"),
    FeatureColumn("gap_days_squared_lifetime", "bigint", "Sum of the squared purchase gaps, in days²", "gaps", "state"),
    _number("lifetime", "tenure_days", "Days since the first order (null: never ordered)"),
    _number("lifetime", "recency_days", "Days since the last order (null: never ordered)"),
    _number("lifetime", "orders_per_30d_lifetime", "Orders per 30 days since the first order"),
    _number("lifetime", "order_value_mean_lifetime", "Sales per order"),
    _number("returns", "return_value_share_lifetime", "Value returned as a share of sales"),
    _number("gaps", "gap_days_mean", "Mean days between two successive days with an order (null below two)"),
    _number("gaps", "gap_days_std", "Standard deviation of those gaps, dividing by their number"),
    _number("gaps", "recency_to_gap_mean", "recency_days divided by gap_days_mean: above 1 the customer is overdue"),
)

_LIFETIME_MONTHS = (
    *(
        FeatureColumn(f"orders_{name}_lifetime", "bigint", f"Orders in any {month}", "calendar", "state")
        for name, month in zip(MONTH_NAMES, calendar.month_name[1:], strict=True)
    ),
    *(
        _number("calendar", f"orders_share_{name}_lifetime", f"Share of the orders that fell in any {month}")
        for name, month in zip(MONTH_NAMES, calendar.month_name[1:], strict=True)
    ),
)

_HISTORY = tuple(
    FeatureColumn(
        lag_name(measure, lag),
        "double",
        f"{meaning} in the calendar month that starts {lag} month{'s' * (lag > 1)} before as_of",
        "calendar",
        "history",
    )
    for measure, meaning in (("net_value", "Sales less returns"), ("orders", "Orders"))
    for lag in LAG_MONTHS
)

_YEAR = (
    _number("calendar", "net_value_same_season_last_year_3m", "Net value a year before the next three months"),
    _number("calendar", "orders_same_season_last_year_3m", "Orders a year before the next three months"),
    _number("calendar", "active_months_12m", "Calendar months with an order, of the last twelve"),
    _number("windows", "order_days_30d", "Days with an order, 30 d before as_of"),
    _number("windows", "order_days_365d", "Days with an order, 365 d before as_of"),
    _number("windows", "units_30d", "Units sold less returned, 30 d before as_of"),
    _number("windows", "units_365d", "Units sold less returned, 365 d before as_of"),
    _number("returns", "return_value_365d", "Value returned, 365 d before as_of"),
    _number("returns", "return_orders_365d", "Returns, 365 d before as_of"),
    _number("returns", "return_value_share_365d", "Value returned as a share of sales, 365 d before as_of"),
    _number("diversity", "products_per_order_365d", "Distinct articles in an order on average, 365 d before as_of"),
    _number("diversity", "departments_365d", "Departments bought in, undeclared ones as one, 365 d before as_of"),
    _number("diversity", "department_entropy_365d", "Shannon entropy of sales over those departments, in nats"),
    *(
        _number(
            "calendar",
            f"orders_share_{part}_365d",
            f"Share of orders placed in the {part} (as in daily), 365 d before as_of",
        )
        for part in DAYPARTS
    ),
    *(
        _number(
            "calendar",
            f"orders_share_{day}_365d",
            f"Share of orders placed on a {day.capitalize()}, 365 d before as_of",
        )
        for day in WEEKDAYS
    ),
)

_RFM = (
    _number("rfm", "rfm_recency", "Quintile of recency, 5 = most recent; 0 = no order in 365 d"),
    _number("rfm", "rfm_frequency", "Quintile of orders_365d, 5 = most; 0 = no order in 365 d"),
    _number("rfm", "rfm_monetary", "Quintile of net_value_365d, 5 = most; 0 = no order in 365 d"),
)

_LOGINS = (
    *(
        _number("logins", f"logins_{days}d", f"Logins, {days} d before as_of (null: not delivered)")
        for days in LOGIN_WINDOW_DAYS
    ),
    _number("logins", "days_since_last_login", f"Days since the last login (null: none within {LOGIN_RECENCY_DAYS} d)"),
)
