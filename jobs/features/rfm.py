"""Recency, frequency and monetary value as quintiles of the customers who ordered in the year before the snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import reduce
from operator import add

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.features.days import day_number
from jobs.features.histories import Histories, day_rows
from jobs.features.rfm_cuts import CUT_SHARES, RFM_MEASURES
from jobs.features.table import YEAR_DAYS
from jobs.features.windows import MONEY_UNITS, money

_BUYERS = "as_of date, recency_days bigint, orders_365d bigint, net_value_365d double"


def quintile_cuts(daily: DataFrame, as_ofs: Sequence[date]) -> DataFrame:
    """One row per snapshot: the four exact quantiles between the quintiles of each measure.

    Cuts instead of ranks: customers with equal values get equal scores, whatever the order of the rows.

    Args:
        daily: the daily table of the year before each snapshot.
        as_ofs: the snapshots.
    """

    def buyers(rows: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        histories = Histories(rows, ())
        for as_of in as_ofs:
            yield buyers_at(histories, as_of)

    return (
        day_rows(daily, (), ("orders", "net_value"))
        .repartition("customer_id")
        .mapInArrow(buyers, _BUYERS)
        .groupBy("as_of")
        .agg(*(F.percentile(name, list(CUT_SHARES)).alias(f"{name}_cuts") for name in RFM_MEASURES))
    )


def buyers_at(histories: Histories, as_of: date) -> pa.RecordBatch:
    """The `RFM_MEASURES` of customers with an order in the year before a snapshot."""
    orders = histories.order_days.last(YEAR_DAYS, as_of)
    year = histories.overall.last(YEAR_DAYS, as_of)
    has_ordered = orders.rows > 0
    return pa.RecordBatch.from_pydict(
        {
            "as_of": pa.repeat(pa.scalar(as_of), int(np.count_nonzero(has_ordered))),
            "recency_days": day_number(as_of) - orders.last_day(without=0)[has_ordered],
            "orders_365d": year.sum("orders")[has_ordered],
            "net_value_365d": year.sum("net_value")[has_ordered] / MONEY_UNITS,
        }
    )


def columns() -> Mapping[str, Column]:
    """Scores from 1 to 5 (best); 0 without an order in the year."""
    recency = _cuts_below("recency_days", F.date_diff("as_of", "last_ordered_on"))
    orders = _cuts_below("orders_365d", F.col("orders_365d"))
    net_value = _cuts_below("net_value_365d", money(F.col("net_value_365d")))
    scores = {
        "rfm_recency": F.lit(len(CUT_SHARES) + 1) - recency,
        "rfm_frequency": F.lit(1) + orders,
        "rfm_monetary": F.lit(1) + net_value,
    }
    return {name: F.when(F.col("orders_365d") > F.lit(0), score).otherwise(F.lit(0)) for name, score in scores.items()}


def _cuts_below(measure: str, value: Column) -> Column:
    cuts = F.col(f"{measure}_cuts")
    return reduce(add, ((cuts[number] < value.cast("double")).cast("int") for number in range(len(CUT_SHARES))))
