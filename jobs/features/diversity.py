"""Diversity of purchases: products per order, number of departments, and the entropy of sales over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import reduce
from operator import add

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.features.days import Days, Ints
from jobs.features.table import YEAR_DAYS, window_name
from jobs.features.windows import money, ratio


def sums(overall: Days, as_of: date) -> dict[str, Ints]:
    """Distinct products of each order, summed over the year."""
    return {"products_365d": overall.last(YEAR_DAYS, as_of).sum("products")}


def columns(departments: Sequence[str]) -> Mapping[str, Column]:
    """Departments and their Shannon entropy; sales outside the declared ones count as one department."""
    total = F.col("sales_value_365d")
    declared = [F.col(window_name("sales_value", YEAR_DAYS, department)) for department in departments]
    sales = [*declared, reduce(lambda remainder, value: remainder - value, declared, total)]
    return {
        "products_per_order_365d": ratio(F.col("products_365d"), F.col("orders_365d")),
        "departments_365d": reduce(add, ((value > F.lit(0)).cast("int") for value in sales)),
        "department_entropy_365d": F.when(
            total > F.lit(0), F.lit(0.0) - reduce(add, (_share_times_log(value, total) for value in sales))
        ),
    }


def _share_times_log(value: Column, total: Column) -> Column:
    share = money(value) / money(total)
    return F.when(value > F.lit(0), share * F.ln(share)).otherwise(F.lit(0.0))
