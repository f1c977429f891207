"""What is true of a customer since the first order: continued from the snapshot before, never from all history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.window import WindowSpec

from jobs.feature_table import MONTH_NAMES
from jobs.tables import ALL_DEPARTMENTS, MONEY
from jobs.transforms.windows import ratio

_DAYS_PER_MONTH = 30

_SUMS = {
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
"""State that a month adds to."""

STATE = ("first_ordered_on", "last_ordered_on", *_SUMS)


def roll_forward(known: DataFrame, daily: DataFrame, previous: DataFrame, *, first: date, last: date) -> DataFrame:
    """The lifetime state of every known customer at each snapshot from `first` to `last`.

    Args:
        known: `as_of`, `customer_id`, … of every known customer and snapshot.
        daily: the daily rows from the month before `first` on (earlier ones are ignored).
        previous: the state in the snapshot a month before `first`, without rows where there is none.
        first: the earliest snapshot.
        last: the newest snapshot.
    """
    before = previous.select("customer_id", *(F.col(name).alias(f"{name}_before") for name in STATE))
    rows = known.join(_month_activity(daily, first=first, last=last), ["as_of", "customer_id"], how="left").join(
        before, "customer_id", how="left"
    )
    months = Window.partitionBy("customer_id").orderBy("as_of")
    so_far = months.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    earlier = months.rowsBetween(Window.unboundedPreceding, -1)
    first_on, last_on = F.col("first_order_in_month"), F.col("last_order_in_month")
    last_on_before = F.greatest("last_ordered_on_before", F.max(last_on).over(earlier))
    gap_into_month = F.date_diff(first_on, F.col("last_on_before")).cast("bigint")
    gaps = _or_zero(F.col("gap_days_squared_lifetime")) + _or_zero(gap_into_month * gap_into_month)
    return (
        rows.withColumn("last_on_before", last_on_before)
        .withColumn("gap_days_squared_lifetime", gaps)
        .select(
            *known.columns,
            F.least("first_ordered_on_before", F.min(first_on).over(so_far)).alias("first_ordered_on"),
            F.greatest("last_ordered_on_before", F.max(last_on).over(so_far)).alias("last_ordered_on"),
            *(_total(name, so_far).cast(type_).alias(name) for name, type_ in _SUMS.items()),
        )
    )


def columns() -> Mapping[str, Column]:
    """What follows from the state at `as_of`."""
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


def _month_activity(daily: DataFrame, *, first: date, last: date) -> DataFrame:
    """What each month from the one before `first` on adds, on the snapshot that follows it."""
    as_of = F.add_months(F.trunc("ordered_on", "month"), 1)
    ordered = F.when(F.col("orders") > F.lit(0), F.col("ordered_on"))
    month = Window.partitionBy("as_of", "customer_id").orderBy("ordered_on")
    previous_order = F.last(ordered, ignorenulls=True).over(month.rowsBetween(Window.unboundedPreceding, -1))
    gap = F.date_diff(ordered, F.col("previous_ordered_on")).cast("bigint")
    in_calendar_month = {
        f"orders_{name}_lifetime": F.sum(F.when(F.month("ordered_on") == F.lit(number), F.col("orders")))
        for number, name in enumerate(MONTH_NAMES, start=1)
    }
    return (
        daily.where((F.col("department") == F.lit(ALL_DEPARTMENTS)) & as_of.between(F.lit(first), F.lit(last)))
        .withColumn("as_of", as_of)
        .withColumn("previous_ordered_on", previous_order)
        .groupBy("as_of", "customer_id")
        .agg(
            F.min(ordered).alias("first_order_in_month"),
            F.max(ordered).alias("last_order_in_month"),
            F.sum("orders").alias("orders_lifetime"),
            F.count(ordered).alias("order_days_lifetime"),
            *(
                F.sum(name).alias(f"{name}_lifetime")
                for name in ("net_value", "sales_value", "return_value", "return_orders", "units")
            ),
            F.sum(gap * gap).alias("gap_days_squared_lifetime"),
            *(column.alias(name) for name, column in in_calendar_month.items()),
        )
    )


def _total(name: str, so_far: WindowSpec) -> Column:
    return _or_zero(F.col(f"{name}_before")) + _or_zero(F.sum(name).over(so_far))


def _or_zero(column: Column) -> Column:
    return F.coalesce(column, F.lit(0))
