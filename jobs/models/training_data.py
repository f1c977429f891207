"""Snapshots as pandas frames: the columns a model reads, of all customers or of a fixed sample of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.core.month import Month
from jobs.features.table import FeatureColumn, lag_name
from jobs.forecasting.encoder import REQUIRED
from jobs.forecasting.outcomes import sample_customers
from jobs.lake.lake import Lake, parquet_files
from jobs.lake.tables import Table

MODEL_ROLES = ("feature", "category", "history")
LABELS = ("customer_id", lag_name("net_value", 1), lag_name("orders", 1))
"""What a snapshot says of the month before it."""


def model_columns(table: Table) -> list[str]:
    """The columns of a features table that a model may read."""
    return [
        column.name
        for column in table.columns
        if column.name in REQUIRED or (isinstance(column, FeatureColumn) and column.role in MODEL_ROLES)
    ]


def read_history(lake: Lake, table: Table, max_customers: int, periods: Sequence[date]) -> dict[date, pd.DataFrame]:
    """Complete snapshots with their model columns, oldest first.

    Where the last of them holds more than `max_customers`, the same sample of them is read from every snapshot.

    Raises:
        IncompleteError: a snapshot is not complete.
    """
    customers = _sample(lake, table, periods[-1], max_customers)
    return {as_of: _read(lake, table, as_of, model_columns(table), customers) for as_of in periods}


def read_holdout(
    lake: Lake, table: Table, max_customers: int, origins: Sequence[date], as_of: date
) -> dict[date, pd.DataFrame]:
    """The snapshots at `origins` with their model columns, and the labels of every other one after the first.

    The customers are those that `read_history` reads as of `as_of`.

    Raises:
        IncompleteError: a snapshot is not complete.
    """
    customers = _sample(lake, table, as_of, max_customers)
    columns = dict.fromkeys(origins, model_columns(table))
    days = [month.first_day for month in Month.of(min(origins)).through(Month.of(as_of))]
    return {day: _read(lake, table, day, columns.get(day, LABELS), customers) for day in days}


def _sample(lake: Lake, table: Table, as_of: date, limit: int) -> list[str] | None:
    """The customers to read; None for all."""
    files = parquet_files(lake, table, [as_of])
    ids = pq.read_table(files, columns=["customer_id"], partitioning=None)["customer_id"].to_pylist()
    return sample_customers(ids, limit) if len(ids) > limit else None


def _read(
    lake: Lake, table: Table, as_of: date, columns: Sequence[str], customers: Sequence[str] | None
) -> pd.DataFrame:
    """Some columns of a snapshot, decimals as doubles, of all customers or of those given."""
    files = parquet_files(lake, table, [as_of])
    chosen = None if customers is None else pc.field("customer_id").isin(customers)
    rows = pq.read_table(files, columns=list(columns), filters=chosen, partitioning=None)
    fields = [field.with_type(pa.float64()) if pa.types.is_decimal(field.type) else field for field in rows.schema]
    frame: pd.DataFrame = rows.cast(pa.schema(fields)).to_pandas(date_as_object=False)
    return frame
