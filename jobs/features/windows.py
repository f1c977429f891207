"""Sums over the days before each snapshot, overall and per department: the basis of most features.

Each module of features has two functions. `sums` returns exact sums of one snapshot, an array each with one value a
customer; money is in ten-thousandths. `columns` returns the features that Spark derives from the sums.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.features.days import Days, Ints, Span
from jobs.features.table import WINDOW_DAYS, YEAR_DAYS, window_name
from jobs.lake.tables import MONEY

MONEY_UNITS = 10_000
"""Money is summed in this part of the shop's currency, the last decimal of `MONEY`."""


def sums(overall: Days, departments: Mapping[str, Days], as_of: date) -> dict[str, Ints]:
    """Value, orders and sales of every window, and the overall number of days with an order and of units."""
    trailing: dict[str, Ints] = {}
    for department, days in [(None, overall), *departments.items()]:
        for length in WINDOW_DAYS:
            trailing |= _of_window(days.last(length, as_of), length, department)
    month, year = overall.last(30, as_of), overall.last(YEAR_DAYS, as_of)
    return trailing | {
        "order_days_30d": month.sum("order_days"),
        "order_days_365d": year.sum("order_days"),
        "units_30d": month.sum("units"),
        "units_365d": year.sum("units"),
    }


def _of_window(window: Span, length: int, department: str | None) -> dict[str, Ints]:
    measures = ("net_value", "sales_value", "orders")
    return {window_name(measure, length, department): window.sum(measure) for measure in measures}


def columns(departments: Sequence[str]) -> Mapping[str, Column]:
    """Value and average order value of every window."""
    windows = [(days, department) for department in (None, *departments) for days in WINDOW_DAYS]
    values = [window_name("net_value", days, department) for days, department in windows]
    return {
        **{name: money(F.col(name)) for name in (*values, "units_30d", "units_365d")},
        **{
            window_name("order_value_mean", days, department): ratio(
                money(F.col(window_name("sales_value", days, department))),
                F.col(window_name("orders", days, department)),
            )
            for days, department in windows
        },
    }


def money(total: Column) -> Column:
    """A sum of money in the shop's currency, as a double."""
    return total / F.lit(float(MONEY_UNITS))


def exact_money(total: Column) -> Column:
    """A sum of money in the shop's currency, as a decimal."""
    return (total.cast("decimal(18,0)") * F.lit(1 / Decimal(MONEY_UNITS))).cast(MONEY)


def in_units(amount: Column) -> Column:
    """An amount of money as a whole number of `MONEY_UNITS`."""
    return (amount * F.lit(MONEY_UNITS)).cast("bigint")


def ratio(numerator: Column, denominator: Column) -> Column:
    """One number divided by another, as a double; null if the denominator is zero or null."""
    return F.try_divide(numerator.cast("double"), denominator.cast("double"))
