"""Sums over the days before each snapshot, overall and per department: the basis of most features.

Each module of features has two functions. `sums` returns aggregates over `days_by_snapshot` per snapshot and customer;
the sums of all modules are computed in one pass. `columns` returns the features derived from the sums.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.core.month import HORIZON_MONTHS
from jobs.features.table import WINDOW_DAYS, YEAR_DAYS, window_name
from jobs.lake.tables import ALL_DEPARTMENTS, DAILY, MONEY

_MONEY_UNIT = Decimal("0.0001")
_MONEY_MEASURES = [column.name for column in DAILY.columns if column.type == MONEY]


def days_by_snapshot(daily: DataFrame, *, first: date, last: date) -> DataFrame:
    """The daily rows, repeated for every snapshot from `first` to `last` whose twelve months contain them.

    Adds `as_of`, `age_days` (1 = the day before as_of) and `month_lag` (1 = the month before as_of). Money is in
    ten-thousandths, as bigint: Spark sums these exactly, and several times faster than decimals.
    """
    month_start = F.trunc("ordered_on", "month")
    earliest = F.greatest(F.add_months(month_start, 1), F.lit(first))
    latest = F.least(F.add_months(month_start, HORIZON_MONTHS), F.lit(last))
    return (
        daily.where(earliest <= latest)
        .withColumns({name: (F.col(name) / F.lit(_MONEY_UNIT)).cast("bigint") for name in _MONEY_MEASURES})
        .withColumn("as_of", F.explode(F.sequence(earliest, latest, F.expr("interval 1 month"))))
        .withColumn("age_days", F.date_diff("as_of", "ordered_on"))
        .withColumn("month_lag", F.months_between("as_of", month_start).cast("int"))
    )


def within(days: int, department: str = ALL_DEPARTMENTS) -> Column:
    """Whether a row lies in the trailing window, in a department."""
    return (F.col("department") == F.lit(department)) & (F.col("age_days") <= F.lit(days))


def in_month(lag: int) -> Column:
    """Whether a row lies in the calendar month that is `lag` months before as_of, over all departments."""
    return (F.col("department") == F.lit(ALL_DEPARTMENTS)) & (F.col("month_lag") == F.lit(lag))


def sum_where(condition: Column, value: Column) -> Column:
    """The sum of a count over the rows that meet a condition; null if there are none."""
    return F.sum(F.when(condition, value))


def money_where(condition: Column, measure: str) -> Column:
    """The sum of a money measure over the rows that meet a condition, as a decimal; null if there are none."""
    return (sum_where(condition, F.col(measure)).cast("decimal(18,0)") * F.lit(_MONEY_UNIT)).cast(MONEY)


def sums(departments: Sequence[str]) -> Mapping[str, Column]:
    """Value, orders and sales of every window, and the overall number of days with an order and of units."""
    trailing: dict[str, Column] = {}
    for department in (None, *departments):
        for days in WINDOW_DAYS:
            window = within(days, ALL_DEPARTMENTS if department is None else department)
            trailing[window_name("net_value", days, department)] = money_where(window, "net_value")
            trailing[window_name("sales_value", days, department)] = money_where(window, "sales_value")
            trailing[window_name("orders", days, department)] = sum_where(window, F.col("orders"))
    has_order = (F.col("orders") > F.lit(0)).cast("bigint")
    return trailing | {
        "order_days_30d": sum_where(within(30), has_order),
        "order_days_365d": sum_where(within(YEAR_DAYS), has_order),
        "units_30d": money_where(within(30), "units"),
        "units_365d": money_where(within(YEAR_DAYS), "units"),
    }


def columns(departments: Sequence[str]) -> Mapping[str, Column]:
    """The average order value of every window."""
    return {
        window_name("order_value_mean", days, department): ratio(
            window_name("sales_value", days, department), window_name("orders", days, department)
        )
        for department in (None, *departments)
        for days in WINDOW_DAYS
    }


def ratio(numerator: str, denominator: str) -> Column:
    """One column divided by another, as a double; null if the denominator is zero or null."""
    return F.try_divide(F.col(numerator).cast("double"), F.col(denominator).cast("double"))
