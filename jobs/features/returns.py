"""Features of returns."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.features.table import YEAR_DAYS
from jobs.features.windows import money_where, ratio, sum_where, within


def sums() -> Mapping[str, Column]:
    """Value and number of the year's returns."""
    return {
        "return_value_365d": money_where(within(YEAR_DAYS), "return_value"),
        "return_orders_365d": sum_where(within(YEAR_DAYS), F.col("return_orders")),
    }


def columns() -> Mapping[str, Column]:
    """Returns as a share of sales."""
    return {
        "return_value_share_365d": ratio("return_value_365d", "sales_value_365d"),
        "return_value_share_lifetime": ratio("return_value_lifetime", "sales_value_lifetime"),
    }
