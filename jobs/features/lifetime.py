"""Lifetime features: rolled forward from the previous snapshot, without reading all history."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.window import WindowSpec

from jobs.features.table import MONTH_NAMES
from jobs.features.windows import in_month, money_where, ratio, sum_where
from jobs.lake.tables import ALL_DEPARTMENTS, MONEY

_DAYS_PER_MONTH = 30

_ADDED_UP = {
    "orders_lifetime": "bigint",
    "order_days_lifetime": "bigint",
    "net_value_lifetime": MONEY,
    "sales_value_lifetime": MONEY,
    "return_value_lifetime": MONEY,
    "return_orders_lifetime": "bigint",
    "units_lifetime": MONEY,
    "gap_days_squared_lifetime": "bigint",
    **{f"orders_{month}_lifetime": "bigint" for month in MONTH_NAMES},
}
"""Columns of the state that are summed month by month → their types."""

STATE = ("first_ordered_on", "last_ordered_on", *_ADDED_UP)
"""The columns that a snapshot reads from the previous one."""


def add_gaps_in_month(daily: DataFrame) -> DataFrame:
    """Adds `gap_days_in_month`: days since the customer's last order day in the same month, else null."""
    days_of_month = Window.partitionBy("customer_id", "department", F.trunc("ordered_on", "month")).orderBy(
        "ordered_on"
    )
    earlier = days_of_month.rowsBetween(Window.unboundedPreceding, -1)
    day = _order_day()
    gap = F.date_diff(day, F.last(day, ignorenulls=True).over(earlier)).cast("bigint")
    return daily.withColumn("gap_days_in_month", F.when(F.col("department") == F.lit(ALL_DEPARTMENTS), gap))


def sums() -> Mapping[str, Column]:
    """What the month before the snapshot adds to the state, by the names of its columns."""
    this_month = in_month(1)
    in_calendar_month = {
        f"orders_{name}_lifetime": sum_where(this_month & (F.month("ordered_on") == F.lit(number)), F.col("orders"))
        for number, name in enumerate(MONTH_NAMES, start=1)
    }
    return {
        "first_order_in_month": F.min(F.when(this_month, _order_day())),
        "last_order_in_month": F.max(F.when(this_month, _order_day())),
        "order_days_lifetime": F.count(F.when(this_month, _order_day())),
        "gap_days_squared_lifetime": sum_where(this_month, F.col("gap_days_in_month") * F.col("gap_days_in_month")),
        **{f"{measure}_lifetime": sum_where(this_month, F.col(measure)) for measure in ("orders", "return_orders")},
        **{
            f"{measure}_lifetime": money_where(this_month, measure)
            for measure in ("net_value", "sales_value", "return_value", "units")
        },
        **in_calendar_month,
    }


def roll_forward(customers: DataFrame, previous: DataFrame) -> DataFrame:
    """Replace what each month adds to the state by the state at its snapshot.

    Args:
        customers: `as_of`, `customer_id` and the columns of `sums`, among others; a customer in a snapshot is in all
            later ones.
        previous: the snapshot before the first of them, with the columns of `STATE`; empty if there is none.
    """
    before = previous.select("customer_id", *(F.col(name).alias(f"{name}_before") for name in STATE))
    snapshots = Window.partitionBy("customer_id").orderBy("as_of")
    so_far = snapshots.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    earlier = snapshots.rowsBetween(Window.unboundedPreceding, -1)
    first_on, last_on = F.col("first_order_in_month"), F.col("last_order_in_month")
    gap_into_month = F.date_diff(first_on, F.greatest("last_ordered_on_before", F.max(last_on).over(earlier))).cast(
        "bigint"
    )
    return (
        customers.join(before, "customer_id", how="left")
        .withColumn(
            "gap_days_squared_lifetime",
            _or_zero(F.col("gap_days_squared_lifetime")) + _or_zero(gap_into_month * gap_into_month),
        )
        .withColumns(
            {
                "first_ordered_on": F.least("first_ordered_on_before", F.min(first_on).over(so_far)),
                "last_ordered_on": F.greatest("last_ordered_on_before", F.max(last_on).over(so_far)),
                **{name: _total(name, so_far).cast(type_) for name, type_ in _ADDED_UP.items()},
            }
        )
    )


def columns() -> Mapping[str, Column]:
    """The features derived from the state at `as_of`."""
    gaps = F.col("order_days_lifetime") - F.lit(1)
    span = F.date_diff("last_ordered_on", "first_ordered_on").cast("bigint")
    variance = (gaps * F.col("gap_days_squared_lifetime") - span * span) / (gaps * gaps)
    has_gap = gaps > F.lit(0)
    mean_gap = F.when(has_gap, span / gaps)
    tenure = F.date_diff("as_of", "first_ordered_on")
    recency = F.date_diff("as_of", "last_ordered_on")
    return {
        "tenure_days": tenure,
        "recency_days": recency,
        "signup_days": F.date_diff("as_of", "signup_on"),
        "orders_per_30d_lifetime": F.col("orders_lifetime") * F.lit(_DAYS_PER_MONTH) / tenure,
        "order_value_mean_lifetime": ratio("sales_value_lifetime", "orders_lifetime"),
        "gap_days_mean": mean_gap,
        "gap_days_std": F.when(has_gap, F.sqrt(variance)),
        "recency_to_gap_mean": recency / mean_gap,
        **{
            f"orders_share_{month}_lifetime": ratio(f"orders_{month}_lifetime", "orders_lifetime")
            for month in MONTH_NAMES
        },
    }


def _order_day() -> Column:
    return F.when(F.col("orders") > F.lit(0), F.col("ordered_on"))


def _total(name: str, so_far: WindowSpec) -> Column:
    return _or_zero(F.col(f"{name}_before")) + _or_zero(F.sum(name).over(so_far))


def _or_zero(column: Column) -> Column:
    return F.coalesce(column, F.lit(0))
