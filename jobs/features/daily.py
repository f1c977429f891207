"""Aggregate order lines to the grain of all features: customer, day and department."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.lake.tables import ALL_DEPARTMENTS, DAILY, MONEY

HOURS_PER_DAYPART = 6

_DAY = ("month", "customer_id", "ordered_on", "department")
_VALUES = ("net_value", "sales_value", "return_value", "units")


def daily(transactions: DataFrame) -> DataFrame:
    """The daily table, with its `month`, of order lines with their `month`.

    An order counts once for its day and once in each of its departments, whatever its number of lines; its part of the
    day is that of its first line.
    """
    is_order = F.col("first_sale_at").isNotNull()
    part_of_day = F.floor(F.hour("first_sale_at") / HOURS_PER_DAYPART)
    orders = transactions.transform(_orders_per_department).transform(_with_all_departments)
    days = orders.groupBy(*_DAY).agg(
        *(_money(F.sum(name)).alias(name) for name in _VALUES),
        F.count_if(is_order).alias("orders"),
        F.count_if("has_return").alias("return_orders"),
        F.sum("products").alias("products"),
        F.count_if(part_of_day == F.lit(0)).alias("orders_night"),
        F.count_if(part_of_day == F.lit(1)).alias("orders_morning"),
        F.count_if(part_of_day == F.lit(2)).alias("orders_afternoon"),
        F.count_if(part_of_day == F.lit(3)).alias("orders_evening"),
    )
    return days.select(*DAILY.names, "month")


def _orders_per_department(transactions: DataFrame) -> DataFrame:
    """The orders, in each of their departments.

    The lines are shuffled once, by customer, for all groups that follow. Articles are counted by a group of their own:
    sets of them would take more than a third longer.
    """
    sold = ~F.col("is_return")
    lines = transactions.withColumn("ordered_on", F.to_date("ordered_at")).repartition("month", "customer_id")
    articles = lines.groupBy(*_DAY, "order_id", "product_id").agg(
        F.sum("net_value").alias("net_value"),
        F.sum(F.when(sold, F.col("net_value"))).alias("sales_value"),
        F.sum(F.when(~sold, -F.col("net_value"))).alias("return_value"),
        F.sum("units").alias("units"),
        F.bool_or(sold).alias("is_sold"),
        F.min(F.when(sold, F.col("ordered_at"))).alias("first_sale_at"),
        F.bool_or("is_return").alias("has_return"),
    )
    return articles.groupBy(*_DAY, "order_id").agg(
        *(F.sum(name).alias(name) for name in _VALUES),
        F.count_if(F.col("is_sold") & F.col("product_id").isNotNull()).alias("products"),
        F.min("first_sale_at").alias("first_sale_at"),
        F.bool_or("has_return").alias("has_return"),
    )


def _with_all_departments(orders: DataFrame) -> DataFrame:
    """The orders per department, and over all departments."""
    return (
        orders.withColumn("department", F.explode(F.array("department", F.lit(ALL_DEPARTMENTS))))
        .groupBy(*_DAY, "order_id")
        .agg(
            *(F.sum(name).alias(name) for name in (*_VALUES, "products")),
            F.min("first_sale_at").alias("first_sale_at"),
            F.bool_or("has_return").alias("has_return"),
        )
    )


def _money(total: Column) -> Column:
    return F.coalesce(total, F.lit(0)).cast(MONEY)
