"""From transaction lines to the grain that everything else is added up from: customer, day and department."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.tables import ALL_DEPARTMENTS, DAILY, MONEY

HOURS_PER_DAYPART = 6
_KEYS = ("month", "customer_id", "ordered_on", "department")


def daily(transactions: DataFrame) -> DataFrame:
    """The daily table (with its `month`) of some months' transaction lines (with their `month`).

    An order counts once for its day, whatever its number of lines, and once in every department it touches; it belongs
    to the part of the day of its first line.
    """
    sold = ~F.col("is_return")
    orders = (
        transactions.withColumn("ordered_on", F.to_date("ordered_at"))
        .withColumn("department", F.explode(F.array("department", F.lit(ALL_DEPARTMENTS))))
        .groupBy(*_KEYS, "order_id")
        .agg(
            F.sum("net_value").alias("net_value"),
            F.sum(F.when(sold, F.col("net_value"))).alias("sales_value"),
            F.sum(F.when(~sold, -F.col("net_value"))).alias("return_value"),
            F.sum("units").alias("units"),
            F.min(F.when(sold, F.col("ordered_at"))).alias("first_sale_at"),
            F.bool_or("is_return").alias("has_return"),
            F.collect_set(F.when(sold, F.col("product_id"))).alias("products"),
        )
    )
    is_order = F.col("first_sale_at").isNotNull()
    part_of_day = F.floor(F.hour("first_sale_at") / HOURS_PER_DAYPART)
    days = orders.groupBy(*_KEYS).agg(
        *(_money(F.sum(name)).alias(name) for name in ("net_value", "sales_value", "return_value", "units")),
        F.count_if(is_order).alias("orders"),
        F.count_if("has_return").alias("return_orders"),
        F.size(F.array_distinct(F.flatten(F.collect_list("products")))).cast("bigint").alias("products"),
        F.count_if(part_of_day == F.lit(0)).alias("orders_night"),
        F.count_if(part_of_day == F.lit(1)).alias("orders_morning"),
        F.count_if(part_of_day == F.lit(2)).alias("orders_afternoon"),
        F.count_if(part_of_day == F.lit(3)).alias("orders_evening"),
    )
    return days.select(*DAILY.names, "month")


def _money(total: Column) -> Column:
    return F.coalesce(total, F.lit(0)).cast(MONEY)
