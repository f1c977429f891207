"""Load the forecasts of new customers: those of a month beside it, those of open months by themselves."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pandas as pd
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import InternalError

from jobs.core.messages import message_of
from jobs.core.postgres import statement
from jobs.lake.first_month_tables import FIRST_MONTH, FIRST_MONTH_ACCURACY
from jobs.lake.lake import Lake
from jobs.lake.tables import FORECASTS
from jobs.publishing.copy import PublishError, copy_rows, csv_batches

_OPEN = ["as_of", *FIRST_MONTH.names, "read_until"]
_COPIES = {FIRST_MONTH: "copy_first_month", FIRST_MONTH_ACCURACY: "copy_first_month_accuracy"}


def load_first_month(connection: Connection, lake: Lake, *, as_of: date, run_id: int, load: Mapping[str, int]) -> None:
    """Load the rows of new customers, and the accuracy of such forecasts, into an open load.

    Raises:
        IncompleteError: they are not in the lake.
        PublishError: the rows do not match the lake's record, another version than the run's made any, or they were
            made with other standard forecasts than those that the lake holds now.
        psycopg2.Error: a row breaks a constraint of `clv.first_month_rows`.
    """
    record = lake.record(FIRST_MONTH, as_of)
    for table, query in _COPIES.items():
        copy_rows(connection, query, csv_batches(lake, table, as_of, table.names, first=load))
    totals = connection.execute(statement("first_month_totals"), {**load, "run_id": run_id}).mappings().one()
    problems = []
    if (totals["rows"], totals["clv_12m"]) != (record.rows, Decimal(record.sums["clv_12m"])):
        problems.append(
            f"{totals['rows']} rows with a clv_12m of {totals['clv_12m']} were loaded, but the lake's record has "
            f"{record.rows} and {record.sums['clv_12m']}"
        )
    if totals["by_another_version"]:
        problems.append(f"{totals['by_another_version']} rows were made by another version than the run's")
    if record.inputs.get("forecasts") != lake.record(FORECASTS, as_of).fingerprint:
        problems.append("they were made beside other standard forecasts than the lake holds now")
    if problems:
        raise PublishError(
            f"forecasts of new customers as of {as_of} for run {run_id}: {'; '.join(problems)}. Nothing was changed: "
            "score the month again."
        )


def replace_open_months(engine: Engine, forecasts: pd.DataFrame, read_until: date) -> None:
    """Replace what readers see of months that are not published yet, in one transaction.

    Args:
        engine: the forecast database.
        forecasts: the columns of FIRST_MONTH, and `as_of`.
        read_until: the first day that did not count.

    Raises:
        PublishError: readers see what was read until a later day: a job that was started earlier ends later.
        psycopg2.Error: a row breaks a constraint of `clv.first_month_open`.
    """
    rows = forecasts.assign(read_until=read_until)
    csv = io.BytesIO(rows.to_csv(columns=_OPEN, index=False, header=False).encode())
    with engine.begin() as connection:
        try:
            connection.execute(statement("clear_first_month_open"), {"read_until": read_until})
        except InternalError as error:
            raise PublishError(f"{message_of(error)}. Run it again once later days have been delivered") from error
        copy_rows(connection, "copy_first_month_open", iter([csv]))
