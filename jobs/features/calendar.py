"""Calendar features: months before the snapshot, the same season a year ago, parts of the day, days of the week."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import reduce
from operator import add

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.core.month import Month
from jobs.features.days import Days, Ints, Span
from jobs.features.table import DAYPARTS, LAG_MONTHS, SEASON_LAG_MONTHS, WEEKDAYS, YEAR_DAYS, lag_name
from jobs.features.windows import money, ratio

_THURSDAY = 3
"""The day of the week of 1970-01-01; Monday is 0."""


def add_weekdays(days: Days) -> None:
    """Add the orders of each day of the week as measures."""
    weekday = (days.day + _THURSDAY) % len(WEEKDAYS)
    for number, name in enumerate(WEEKDAYS):
        days.derive(f"orders_{name}", days["orders"] * (weekday == number))


def sums(overall: Days, as_of: date) -> dict[str, Ints]:
    """Value and orders of each calendar month; the year's orders by part of the day and day of the week."""
    months = {lag: _month(overall, Month.of(as_of).plus(-lag)) for lag in LAG_MONTHS}
    year = overall.last(YEAR_DAYS, as_of)
    return {
        **{lag_name("net_value", lag): month.sum("net_value") for lag, month in months.items()},
        **{lag_name("orders", lag): month.sum("orders") for lag, month in months.items()},
        **{f"orders_{part}_365d": year.sum(f"orders_{part}") for part in (*DAYPARTS, *WEEKDAYS)},
    }


def _month(days: Days, month: Month) -> Span:
    return days.between(month.first_day, month.as_of)


def columns() -> Mapping[str, Column]:
    """Value of each month, shares of the year's orders, the same season a year ago, and the number of active months."""
    shares = {
        f"orders_share_{name}_365d": ratio(F.col(f"orders_{name}_365d"), F.col("orders_365d"))
        for name in (*DAYPARTS, *WEEKDAYS)
    }
    season_value, season_orders = (
        reduce(add, (F.col(lag_name(measure, lag)) for lag in SEASON_LAG_MONTHS)) for measure in ("net_value", "orders")
    )
    active = reduce(add, ((F.col(lag_name("orders", lag)) > F.lit(0)).cast("int") for lag in LAG_MONTHS))
    return {
        **{lag_name("net_value", lag): money(F.col(lag_name("net_value", lag))) for lag in LAG_MONTHS},
        **shares,
        "net_value_same_season_last_year_3m": money(season_value),
        "orders_same_season_last_year_3m": season_orders,
        "active_months_12m": active,
    }
