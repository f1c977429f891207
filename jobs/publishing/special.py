"""Load a special run's forecast into `clv.special_forecast`, all of it or nothing, in one transaction.

It replaces what the same run loaded before, and nothing else: no month, no pointer, no other run.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Engine, RowMapping

from jobs.core.postgres import statement
from jobs.lake.lake import Lake, Record, parquet_files, special_lake
from jobs.lake.tables import SPECIAL_FORECASTS, SPECIAL_TOTALS
from jobs.publishing.copy import PublishError, copy_rows, csv_batches

LOADED = [name for name in SPECIAL_FORECASTS.names if name != "active_months"]


def publish_special(engine: Engine, lake: Lake, *, as_of: date, run_id: int) -> int:
    """Load the forecast of a special run in the place of what it loaded before; the number of customers.

    Raises:
        IncompleteError: the run's forecast, or its total, is not in the lake.
        PublishError: forecast and total do not belong together, or another model version made them.
        sqlalchemy.exc.DBAPIError: the run is not a special run, or was planned again since.
        psycopg2.Error: a row breaks a constraint of `clv.special_rows`.
    """
    own = special_lake(lake, run_id)
    record, total = own.record(SPECIAL_FORECASTS, as_of), _total(own, as_of)
    run = {"run_id": run_id}
    with engine.begin() as connection:
        connection.execute(statement("begin_special_load"), run)
        load = run | total | {"lake_fingerprint": record.fingerprint}
        connection.execute(statement("record_special_load"), load)
        rows = csv_batches(own, SPECIAL_FORECASTS, as_of, LOADED, first=run)
        copy_rows(connection, "copy_special_forecast", rows)
        loaded = connection.execute(statement("special_load_totals"), run).mappings().one_or_none()
        _check(loaded, record, total, run_id)
    return record.rows


def _total(own: Lake, as_of: date) -> dict[str, int | Decimal]:
    """The segment as a whole, made from just these forecasts."""
    made_of = {SPECIAL_FORECASTS.name: own.record(SPECIAL_FORECASTS, as_of).fingerprint}
    if not own.is_current(SPECIAL_TOTALS, as_of, made_of):
        raise PublishError(f"the total in {own.root} is not one of the forecasts there: score the run again")
    files = parquet_files(own, SPECIAL_TOTALS, [as_of])
    [total] = pa.concat_tables([pq.read_table(path, partitioning=None) for path in files]).to_pylist()
    return dict(total)


def _check(loaded: RowMapping | None, record: Record, total: dict[str, int | Decimal], run_id: int) -> None:
    """Refuse rows that differ from the lake's record, from their total, or that another model version made."""
    wrong = []
    if loaded is None:
        wrong.append("there are none")
    else:
        if not loaded["customers"] == record.rows == total["customers"]:
            wrong.append(f"{loaded['customers']} were loaded, the record says {record.rows}")
        for column in ("clv", "clv_p10", "clv_p90"):
            if loaded[column] != Decimal(record.sums[column]):
                wrong.append(f"{column} sums to {loaded[column]}, the record says {record.sums[column]}")
        if loaded["clv"] != total["clv"]:
            wrong.append(f"clv sums to {loaded['clv']}, the total says {total['clv']}")
        if loaded["by_another_version"]:
            wrong.append(f"{loaded['by_another_version']} are not by version {loaded['model_version']}")
    if wrong:
        raise PublishError(f"rows of special run {run_id}: {'; '.join(wrong)}. Nothing was changed: score it again.")
