"""Every column of every customer, as the batch has built it and as it is computed customer by customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from pyspark.sql import SparkSession

from jobs.core.month import Month
from jobs.features.build import build_daily, build_features
from jobs.features.table import features
from jobs.lake.frames import read_periods
from jobs.lake.lake import Lake
from jobs.lake.tables import CUSTOMERS, SESSIONS, TRANSACTIONS, Table
from tests.features import customer_by_customer
from tests.features.random_shop import Shop


@dataclass(frozen=True)
class Comparison:
    """How many values were compared, and those that differ: customer, column, value of one customer's path, batch."""

    customers: int
    columns: int
    differences: list[tuple[str, str, object, object]]


def compared(
    ours: Iterable[Mapping[str, Any]], theirs: Iterable[Mapping[str, Any]], names: Sequence[str]
) -> Comparison:
    """Compare two snapshots in every column, to the last bit."""
    mine, batch = ({row["customer_id"]: row for row in rows} for rows in (ours, theirs))
    assert mine.keys() == batch.keys()
    differences = [
        (customer, name, row[name], batch[customer][name])
        for customer, row in mine.items()
        for name in names
        if row[name] != batch[customer][name]
    ]
    return Comparison(len(mine), len(names), differences)


def compared_in_lake(
    spark: SparkSession,
    lake: Lake,
    departments: Sequence[str],
    as_ofs: Sequence[date],
    lines: pd.DataFrame | None = None,
) -> dict[date, Comparison]:
    """Build the snapshots of a lake in the batch, and compare some with those from its clean tables, or other lines."""
    build_daily(spark, lake, as_of=max(as_ofs))
    build_features(spark, lake, departments, as_of=max(as_ofs))
    table = features(departments)
    shop = Shop(
        lines=_frame(spark, lake, TRANSACTIONS) if lines is None else lines,
        customers=_frame(spark, lake, CUSTOMERS),
        sessions=_frame(spark, lake, SESSIONS),
    )
    return {
        as_of: compared(
            customer_by_customer.rows(shop, as_of, departments),
            [row.asDict() for row in read_periods(spark, lake, table, [as_of]).collect()],
            table.names,
        )
        for as_of in as_ofs
    }


def _frame(spark: SparkSession, lake: Lake, table: Table) -> pd.DataFrame:
    periods = [Month.parse(text) for text in lake.periods(table)]
    frame: pd.DataFrame = read_periods(spark, lake, table, periods).toPandas()
    return frame
