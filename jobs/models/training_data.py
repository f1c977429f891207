"""Read snapshots into pandas: the columns that a model may read, for all customers or a fixed sample of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.core.month import Month
from jobs.features.rfm_cuts import RFM_MEASURES, RfmCuts
from jobs.features.table import FeatureColumn, lag_name
from jobs.forecasting.encoder import REQUIRED, may_be_read
from jobs.forecasting.outcomes import sample_customers
from jobs.lake.arrow import read_rows
from jobs.lake.lake import Lake
from jobs.lake.tables import Table

MODEL_ROLES = ("feature", "category", "history")
LABELS = ("customer_id", lag_name("net_value", 1), lag_name("orders", 1))
"""The columns that hold the outcome of the month before a snapshot."""


def model_columns(table: Table) -> list[str]:
    """The columns of a features table that a model may read."""
    return [
        column.name
        for column in table.columns
        if column.name in REQUIRED or (isinstance(column, FeatureColumn) and column.role in MODEL_ROLES)
    ]


def read_columns(table: Table) -> list[str]:
    """Those of the `model_columns` that today's forecaster reads."""
    return [name for name in model_columns(table) if may_be_read(name)]


def read_history(
    lake: Lake, table: Table, max_customers: int, periods: Sequence[date], columns: Sequence[str] | None = None
) -> dict[date, pd.DataFrame]:
    """The snapshots of `periods` with some columns (None: the model columns): date → one row per customer.

    If the last snapshot holds more than `max_customers`, the same sample of its customers is read from every snapshot.

    Raises:
        IncompleteError: a snapshot is not complete.
    """
    customers = _sample(lake, table, periods[-1], max_customers)
    return {as_of: _read(lake, table, as_of, columns or model_columns(table), customers) for as_of in periods}


def read_holdout(
    lake: Lake, table: Table, max_customers: int, origins: Sequence[date], as_of: date
) -> dict[date, pd.DataFrame]:
    """The snapshots at `origins` with the model columns, and the outcome columns of the others up to `as_of`.

    The customers are those that `read_history` reads as of `as_of`.

    Raises:
        IncompleteError: a snapshot is not complete.
    """
    customers = _sample(lake, table, as_of, max_customers)
    columns = dict.fromkeys(origins, model_columns(table))
    days = [month.first_day for month in Month.of(min(origins)).through(Month.of(as_of))]
    return {day: _read(lake, table, day, columns.get(day, LABELS), customers) for day in days}


def read_rfm_cuts(lake: Lake, table: Table, as_of: date) -> RfmCuts:
    """The cuts between the quintiles of all customers of a snapshot, in a training's sample or not.

    Raises:
        IncompleteError: the snapshot is not complete.
    """
    frame = _read(lake, table, as_of, RFM_MEASURES, customers=None)
    return RfmCuts.of({name: frame[name].tolist() for name in RFM_MEASURES})


def _sample(lake: Lake, table: Table, as_of: date, limit: int) -> list[str] | None:
    """The sampled customers; None if the snapshot holds at most `limit`."""
    ids = read_rows(lake, table, [as_of], ["customer_id"])["customer_id"].to_pylist()
    return sample_customers(ids, limit) if len(ids) > limit else None


def read_snapshot(lake: Lake, table: Table, as_of: date, customers: Sequence[str] | None) -> pd.DataFrame:
    """A snapshot of some customers (None: of all) with the model columns; raises IncompleteError if it is not there."""
    return _read(lake, table, as_of, model_columns(table), customers)


def _read(
    lake: Lake, table: Table, as_of: date, columns: Sequence[str], customers: Sequence[str] | None
) -> pd.DataFrame:
    """Columns of a snapshot, decimals as doubles, for `customers` or for all."""
    in_sample = None if customers is None else pc.field("customer_id").isin(customers)
    rows = read_rows(lake, table, [as_of], columns, in_sample)
    fields = [field.with_type(pa.float64()) if pa.types.is_decimal(field.type) else field for field in rows.schema]
    frame: pd.DataFrame = rows.cast(pa.schema(fields)).to_pandas(date_as_object=False)
    return frame
