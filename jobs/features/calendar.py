"""Calendar features: months before the snapshot, the same season a year ago, parts of the day, days of the week."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import add

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.features.table import DAYPARTS, LAG_MONTHS, SEASON_LAG_MONTHS, WEEKDAYS, YEAR_DAYS, lag_name
from jobs.features.windows import in_month, money_where, ratio, sum_where, within


def sums() -> Mapping[str, Column]:
    """Value and orders of each calendar month; the year's orders by part of the day and day of the week."""
    values = {lag_name("net_value", lag): money_where(in_month(lag), "net_value") for lag in LAG_MONTHS}
    orders = {lag_name("orders", lag): sum_where(in_month(lag), F.col("orders")) for lag in LAG_MONTHS}
    dayparts = {f"orders_{part}_365d": sum_where(within(YEAR_DAYS), F.col(f"orders_{part}")) for part in DAYPARTS}
    weekdays = {
        f"orders_{name}_365d": sum_where(
            within(YEAR_DAYS) & (F.weekday("ordered_on") == F.lit(number)), F.col("orders")
        )
        for number, name in enumerate(WEEKDAYS)
    }
    return values | orders | dayparts | weekdays


def columns() -> Mapping[str, Column]:
    """Shares of the year's orders, the same season a year ago, and the number of active months."""
    shares = {
        f"orders_share_{name}_365d": ratio(f"orders_{name}_365d", "orders_365d") for name in (*DAYPARTS, *WEEKDAYS)
    }
    season = {
        f"{measure}_same_season_last_year_3m": reduce(add, (F.col(lag_name(measure, lag)) for lag in SEASON_LAG_MONTHS))
        for measure in ("net_value", "orders")
    }
    active = reduce(add, ((F.col(lag_name("orders", lag)) > F.lit(0)).cast("int") for lag in LAG_MONTHS))
    return shares | season | {"active_months_12m": active}
