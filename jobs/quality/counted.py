"""What the order lines that count amount to: all of them, or those of the population that a shop is restricted to."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.core.month import Month
from jobs.features.build import lines_that_count
from jobs.lake.frames import read_periods
from jobs.lake.lake import Lake
from jobs.lake.tables import ALL_DEPARTMENTS, DAILY, TRANSACTIONS


def sums_of_lines(spark: SparkSession, lake: Lake, month: Month, customers_where: str | None) -> Mapping[str, Decimal]:
    """Net value and units of a month's order lines."""
    names = ("net_value", "units")
    if customers_where is None:
        sums = lake.record(TRANSACTIONS, month).sums
        return {name: Decimal(sums.get(name, "0")) for name in names}
    lines = lines_that_count(spark, lake, [month], customers_where)
    [row] = lines.agg(*(F.sum(name).alias(name) for name in names)).collect()
    return {name: row[name] or Decimal(0) for name in names}


def net_value_by_month(
    spark: SparkSession, lake: Lake, until: Month, customers_where: str | None
) -> Mapping[Month, Decimal]:
    """The net value of each month up to `until` that is in the lake; in a part of the shop, that of the daily rows."""
    months = [month for text in lake.periods(TRANSACTIONS) if (month := Month.parse(text)) <= until]
    if customers_where is None:
        return {month: Decimal(lake.record(TRANSACTIONS, month).sums.get("net_value", "0")) for month in months}
    days = read_periods(spark, lake, DAILY, months).where(F.col("department") == F.lit(ALL_DEPARTMENTS))
    sums = days.groupBy("month").agg(F.sum("net_value").alias("net_value")).collect()
    by_month = {row["month"]: row["net_value"] for row in sums}
    return {month: by_month.get(str(month), Decimal(0)) for month in months}
