"""A small shop's snapshots, built against the features table's own declaration, and a lake that holds them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.core.month import Month
from jobs.features.table import LAG_MONTHS, features, lag_name
from jobs.forecasting.params import ModelParams
from jobs.lake.lake import Lake
from jobs.lake.schemas import arrow_schema
from jobs.lake.tables import Table
from jobs.lake.versions import Record
from jobs.models.training_data import model_columns
from jobs.sources import load
from tests.periods import put

SOURCE = "simulated_shop"
TABLE = features(load(SOURCE).departments)
FIRST_MONTH = Month(2024, 1)
QUICK = ModelParams(rounds=5, max_depth=3, threads=1)

_ARROW_TYPES = {"string": pa.string(), "date": pa.date32(), "double": pa.float64(), "bigint": pa.int64()}


def simulated_snapshots(months: int, customers: int = 40) -> dict[date, pd.DataFrame]:
    """The snapshots after each of the first `months` months; some customers never buy, some stop, some come late."""
    rng = np.random.default_rng(11)
    rate, amount = rng.gamma(1.0, 1.0, customers), rng.integers(10, 200, customers)
    rate[: customers // 10] = 0.0
    start = rng.integers(0, 6, customers)
    stop = np.where(np.arange(customers) % 4 == 0, start + 4, months)
    calendar = np.arange(months)[None, :]
    orders = rng.poisson(rate[:, None], (customers, months)) * (start[:, None] <= calendar) * (calendar < stop[:, None])
    return {
        FIRST_MONTH.plus(month).as_of: _snapshot(orders[:, : month + 1], amount, known=start <= month)
        for month in range(months)
    }


def model_frames(snapshots: Mapping[date, pd.DataFrame]) -> dict[date, pd.DataFrame]:
    """The snapshots as a training reads them: the model's columns, every number a double."""
    numbers = {column.name: "float64" for column in TABLE.columns if column.type not in ("string", "date")}
    return {as_of: frame.astype(numbers)[model_columns(TABLE)] for as_of, frame in snapshots.items()}


def _snapshot(orders: np.ndarray, amount: np.ndarray, known: np.ndarray) -> pd.DataFrame:
    """One snapshot after the months in `orders`; every order is placed on the 15th."""
    as_of = FIRST_MONTH.plus(orders.shape[1]).first_day
    rows = [_row(f"c{i:03d}", orders[i], int(amount[i]), as_of) for i in np.flatnonzero(known)]
    return pd.DataFrame(rows, columns=TABLE.names)


def _row(customer_id: str, orders: np.ndarray, amount: int, as_of: date) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(TABLE.names)
    active = [FIRST_MONTH.plus(int(i)).first_day.replace(day=15) for i in np.flatnonzero(orders)]
    total = int(orders.sum())
    row |= {"customer_id": customer_id, "membership": ("none", "annual")[amount % 2], "orders_lifetime": total}
    row |= {"order_days_lifetime": len(active), "signup_days": float(amount)}
    row |= {"net_value_lifetime": Decimal(total * amount), "net_value_30d": float(orders[-1] * amount)}
    for lag in LAG_MONTHS:
        count = int(orders[-lag]) if lag <= len(orders) else 0
        row[lag_name("orders", lag)] = float(count)
        row[lag_name("net_value", lag)] = float(count * amount)
    if active:
        row |= {"first_ordered_on": active[0], "last_ordered_on": active[-1]}
        row |= {"tenure_days": float((as_of - active[0]).days), "recency_days": float((as_of - active[-1]).days)}
    return row


def write_snapshots(lake: Lake, snapshots: Mapping[date, pd.DataFrame], table: Table = TABLE) -> None:
    """Put complete snapshots into a lake."""
    schema = arrow_schema(table)
    for as_of, frame in snapshots.items():
        content = hashlib.sha256(frame.to_csv(index=False).encode()).hexdigest()
        rows = pa.Table.from_pandas(frame, schema, preserve_index=False)
        put(lake, table, as_of, Record(rows=len(frame), fingerprint=content), rows)
