"""Load a special run's forecast into `clv.special_forecast` in one transaction.

It replaces what the same run loaded before. It changes no month, no pointer and no other run.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Engine, RowMapping

from jobs.core.postgres import statement
from jobs.lake.lake import Lake, Record, parquet_files, special_lake
from jobs.lake.tables import SPECIAL_FORECASTS, SPECIAL_TOTALS
from jobs.publishing.copy import PublishError, copy_rows, csv_batches
from jobs.publishing.origin import foreign_origin

LOADED = [name for name in SPECIAL_FORECASTS.names if name != "active_months"]


def publish_special(engine: Engine, lake: Lake, *, as_of: date, run_id: int) -> int:
    """Load the forecast of a special run, replacing what it loaded before; the number of customers.

    Raises:
        IncompleteError: the run's forecast, its total or its snapshot is not in the lake.
        PublishError: forecast, total and record do not match, or the forecast was made otherwise than by the run, from
            another snapshot, or by another model version.
        sqlalchemy.exc.DBAPIError: the run is not a special run, or a newer plan of its Airflow run exists.
        psycopg2.Error: a row breaks a constraint of `clv.special_rows`.
    """
    own = special_lake(lake, run_id)
    record, total = own.record(SPECIAL_FORECASTS, as_of), _total(own, as_of)
    run = {"run_id": run_id}
    with engine.begin() as connection:
        connection.execute(statement("begin_special_load"), run)
        scored = connection.execute(statement("run_forecast"), run).mappings().one()
        _refuse(list(foreign_origin(scored, record, lake, as_of)), run_id)
        load = run | total | {"lake_fingerprint": record.fingerprint}
        connection.execute(statement("record_special_load"), load)
        rows = csv_batches(own, SPECIAL_FORECASTS, as_of, LOADED, first=run)
        copy_rows(connection, "copy_special_forecast", rows)
        loaded = connection.execute(statement("special_load_totals"), run).mappings().one_or_none()
        _check(loaded, record, total, run_id)
    return record.rows


def _total(own: Lake, as_of: date) -> dict[str, int | Decimal]:
    """The row of SPECIAL_TOTALS; raises PublishError unless it was computed from the forecasts in the lake."""
    made_of = {SPECIAL_FORECASTS.name: own.record(SPECIAL_FORECASTS, as_of).fingerprint}
    if not own.is_current(SPECIAL_TOTALS, as_of, made_of):
        raise PublishError(f"the total in {own.root} was not computed from the forecasts there: score the run again")
    files = parquet_files(own, SPECIAL_TOTALS, [as_of])
    [total] = pa.concat_tables([pq.read_table(path, partitioning=None) for path in files]).to_pylist()
    return dict(total)


def _check(loaded: RowMapping | None, record: Record, total: dict[str, int | Decimal], run_id: int) -> None:
    """Raise PublishError if the rows differ from the lake's record or total, or another model version made any."""
    problems = []
    if loaded is None:
        problems.append("no row was loaded")
    else:
        if not loaded["customers"] == record.rows == total["customers"]:
            problems.append(
                f"{loaded['customers']} rows were loaded, but the lake's record has {record.rows} and its total "
                f"{total['customers']}"
            )
        for column in ("clv", "clv_p10", "clv_p90"):
            if loaded[column] != Decimal(record.sums[column]):
                problems.append(f"{column} sums to {loaded[column]}, but to {record.sums[column]} in the lake's record")
        if loaded["clv"] != total["clv"]:
            problems.append(f"clv sums to {loaded['clv']}, but to {total['clv']} in the lake's total")
        if loaded["by_another_version"]:
            problems.append(
                f"{loaded['by_another_version']} rows were not made by model version {loaded['model_version']}"
            )
    _refuse(problems, run_id)


def _refuse(problems: Sequence[str], run_id: int) -> None:
    if problems:
        raise PublishError(
            f"forecast of special run {run_id}: {'; '.join(problems)}. Nothing was changed: score the run again."
        )
