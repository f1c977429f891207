"""Features of returns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.features.days import Days, Ints
from jobs.features.table import YEAR_DAYS
from jobs.features.windows import money, ratio


def sums(overall: Days, as_of: date) -> dict[str, Ints]:
    """Value and number of the year's returns."""
    year = overall.last(YEAR_DAYS, as_of)
    return {
        "return_value_365d": year.sum("return_value"),
        "return_orders_365d": year.sum("return_orders"),
    }


def columns() -> Mapping[str, Column]:
    """Value of the year's returns; returns as a share of sales."""
    return {
        "return_value_365d": money(F.col("return_value_365d")),
        **{
            f"return_value_share_{span}": ratio(
                money(F.col(f"return_value_{span}")), money(F.col(f"sales_value_{span}"))
            )
            for span in ("365d", "lifetime")
        },
    }
