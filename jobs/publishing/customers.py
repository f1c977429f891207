"""Load who the customers of a forecast are: their accounts, what they brought so far, and their tiers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from sqlalchemy import Connection

from jobs.core.month import HORIZONS, Month
from jobs.core.postgres import statement
from jobs.features.table import LAG_MONTHS, YEAR_DAYS, features, lag_name, window_name
from jobs.lake.arrow import read_rows
from jobs.lake.lake import Lake
from jobs.lake.tables import FORECASTS, Table
from jobs.publishing.copy import PublishError, copy_rows, csv_of
from jobs.sources.mapping import Source

OTHER_DEPARTMENT = "other"
_LAGS = [lag_name("net_value", lag) for lag in LAG_MONTHS]
_FROM_SNAPSHOT = [
    *("customer_id", "city", "country", "membership", "signup_on", "first_ordered_on", "last_ordered_on"),
    *("orders_lifetime", "net_value_lifetime"),
]
_FROM_FORECAST = ["status", "clv_12m", *(f"p_active_{months}m" for months in HORIZONS)]


def load_customers(connection: Connection, lake: Lake, source: Source, *, as_of: date, load: Mapping[str, int]) -> None:
    """Load a row for each customer of the month's forecast into an open load.

    Raises:
        IncompleteError: the snapshot or the forecast is not in the lake.
        PublishError: the snapshot and the forecast do not hold the same customers.
    """
    year = window_name("net_value", YEAR_DAYS)
    of_department = {name: window_name("net_value", YEAR_DAYS, name) for name in source.departments}
    columns = [*_FROM_SNAPSHOT, *_LAGS, year, *of_department.values()]
    snapshot = _read(lake, features(source.departments), as_of, columns)
    forecast = _read(lake, FORECASTS, as_of, ["customer_id", *_FROM_FORECAST])
    if not snapshot["customer_id"].equals(forecast["customer_id"]):
        raise PublishError(
            f"the forecasts as of {as_of} are of {len(forecast)} customers, but the snapshot holds {len(snapshot)}, or "
            "others. Nothing was changed: score the month again."
        )
    before = _tiers_before(connection, as_of, source.value_basis, snapshot["customer_id"])
    tiers = source.tiers.of(_numbers(forecast, "clv_12m"), before)
    rows = snapshot.select(_FROM_SNAPSHOT)
    for name, values in {
        "net_value_12m": pa.array(np.sum([_numbers(snapshot, lag) for lag in _LAGS], axis=0).round(4)),
        "main_department": _main_departments(snapshot, year, of_department),
        "tier": pa.array(tiers),
        "tier_before": pa.array(before, mask=before == 0),
    }.items():
        rows = rows.append_column(name, values)
    for name in _FROM_FORECAST:
        rows = rows.append_column(name, forecast[name])
    copy_rows(connection, "copy_customers", csv_of(rows, first=load))


def _read(lake: Lake, table: Table, as_of: date, columns: Sequence[str]) -> pa.Table:
    """Columns of a period, in the order of the customers."""
    return read_rows(lake, table, [as_of], columns).sort_by("customer_id")


def _numbers(rows: pa.Table, name: str) -> NDArray[np.float64]:
    """A column as floats, nothing as 0."""
    return np.asarray(pc.fill_null(rows[name].cast(pa.float64()), 0.0))


def _main_departments(snapshot: pa.Table, year: str, of_department: Mapping[str, str]) -> pa.Array:
    """The department that brought most in a year, all undeclared ones as one; none where no department brought any."""
    if not of_department:
        return pa.nulls(len(snapshot), pa.string())
    declared = np.column_stack([_numbers(snapshot, name) for name in of_department.values()])
    other = (_numbers(snapshot, year) - declared.sum(axis=1)).round(4)
    brought = np.column_stack([declared, other])
    names = np.array([*of_department, OTHER_DEPARTMENT], dtype=object)
    return pa.array(names[brought.argmax(axis=1)], pa.string(), mask=brought.max(axis=1) <= 0.0)


def _tiers_before(
    connection: Connection, as_of: date, value_basis: str, customers: pa.ChunkedArray
) -> NDArray[np.int64]:
    """The tiers that readers see for the month before; 0 for customers who have none there."""
    month_before = {"as_of": Month.of(as_of).plus(-1).first_day, "value_basis": value_basis}
    rows = connection.execute(statement("published_tiers"), month_before)
    tiers = pd.DataFrame(rows.all(), columns=["customer_id", "tier"]).set_index("customer_id")["tier"]
    return tiers.reindex(customers.to_pandas(), fill_value=0).to_numpy(dtype=np.int64)
